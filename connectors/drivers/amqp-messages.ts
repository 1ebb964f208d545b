import type { ConsumeMessage, Options } from 'amqplib';
import { toBase64 } from '../../event/base64.ts';
import type { Event } from '../../event/event.ts';
import { amqpBinding, type MessageContent, toMessage } from '../../event/message.ts';
import { digestOf } from '../sources/digest.ts';
import { toBuffer } from './endpoint.ts';
import type { BrokerMessage } from './messages.ts';

/** A message of RabbitMQ by the AMQP binding; in AMQP 0-9-1 application properties are headers. */
export function toBrokerMessage(queue: string, { content, fields, properties }: ConsumeMessage): BrokerMessage {
  const headers = Object.entries(properties.headers ?? {}).map(([name, value]) => [name, toValue(value)] as const);
  const { contentType, contentEncoding, messageId, timestamp } = properties as Properties;
  const isPacked = contentEncoding !== undefined && packed.test(contentEncoding);
  return {
    id:
      messageId === undefined
        ? `${queue}:${digestOfMessage(fields, properties, headers, content)}`
        : `${queue}/${messageId}`,
    subject: fields.routingKey,
    time: toTime(timestamp),
    // Nobody unpacks it here: what is inside is not what these bytes are.
    contentType: isPacked ? 'application/octet-stream' : contentType,
    properties: headers,
    body: content,
  };
}

export interface OutgoingAmqp {
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** Integers are AMQP's long, as the binding says; the driver would take the shortest type that holds the number. */
export function toAmqp(event: Event, mode: MessageContent): OutgoingAmqp {
  const { contentType, properties, body } = toMessage(amqpBinding, event, mode);
  const headers: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) {
    headers[name] = typeof value === 'number' ? { '!': 'long', value } : value;
  }
  return { content: toBuffer(body), options: { headers, ...(contentType === undefined ? {} : { contentType }) } };
}

/** What of a message's properties is looked at: the driver leaves them untyped. */
interface Properties {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly messageId: string | undefined;
  /** Seconds. */
  readonly timestamp: unknown;
}

const packed = /gzip|deflate|compress|br|zstd|lz4|snappy/i;

/** A message that has no name is told by what is in it: the same when it is handed out again. */
function digestOfMessage(
  { exchange, routingKey }: ConsumeMessage['fields'],
  { contentType, type, appId, correlationId, timestamp }: ConsumeMessage['properties'],
  headers: readonly (readonly [string, unknown])[],
  content: Uint8Array,
): string {
  // The broker counts deliveries in headers of its own.
  const own = headers.filter(([name]) => !name.toLowerCase().startsWith('x-'));
  const about = [exchange, routingKey, contentType, type, appId, correlationId, timestamp];
  return digestOf([about.map((value: unknown) => value ?? null), own, toBase64(content)]);
}

/** Times come as seconds in an object of the driver's. */
function toValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('!' in value) || !('value' in value)) return value;
  return value['!'] === 'timestamp' ? (toTime(value.value) ?? value.value) : value.value;
}

function toTime(seconds: unknown): string | undefined {
  return typeof seconds === 'number' && seconds > 0 && seconds < year10000
    ? new Date(seconds * 1_000).toISOString()
    : undefined;
}

const year10000 = 253_402_300_800;
