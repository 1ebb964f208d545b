import type { IPublishPacket } from 'mqtt';
import { toBase64 } from '../../event/base64.ts';
import { digestOf } from '../sources/digest.ts';
import type { BrokerMessage } from './messages.ts';

/** A message by the MQTT binding. In MQTT 3.1.1 nothing says what a payload is: an event is told by what it looks like. */
export function toBrokerMessage(clientId: string, packet: IPublishPacket): BrokerMessage {
  const { topic, properties = {} } = packet;
  const body = typeof packet.payload === 'string' ? new TextEncoder().encode(packet.payload) : packet.payload;
  const { contentType, userProperties = {} } = properties;
  return {
    id: idOf(clientId, packet, body),
    subject: topic,
    contentType: contentType ?? (packet.properties === undefined && looksLikeEvent(body) ? structured : undefined),
    properties: Object.entries(userProperties).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values]).map((value) => [name, value] as const),
    ),
    body,
  };
}

/**
 * A broker hands a message out again under the same packet identifier (MQTT 5, 4.4), which it uses again for others: together
 * with what is in the message it is a name. What came with QoS 0 does not come again.
 */
function idOf(clientId: string, { topic, qos, messageId, properties }: IPublishPacket, body: Uint8Array): string {
  if (qos === 0) return `${clientId}:${crypto.randomUUID()}`;
  const { contentType = null, userProperties = null } = properties ?? {};
  return `${clientId}:${messageId ?? 0}:${digestOf([topic, contentType, userProperties, toBase64(body)])}`;
}

function looksLikeEvent(body: Uint8Array): boolean {
  return body[0] === brace && /"specversion"\s*:\s*"1\.0"/.test(loose.decode(body.subarray(0, 65_536)));
}

const brace = 0x7b;
const structured = 'application/cloudevents+json';
const loose = new TextDecoder();
