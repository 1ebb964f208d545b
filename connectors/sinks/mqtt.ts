import type { IClientPublishOptions } from 'mqtt';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { type MessageContent, mqttBinding, toMessage } from '../../event/message.ts';
import type { Sink } from '../../mesh/sink.ts';
import { credentialsOf, toBuffer, toDriverFailure } from '../drivers/endpoint.ts';
import { closeMqtt, type Mqtt, mqttProtocols, type MqttVersion, openMqtt } from '../drivers/mqtt.ts';
import { checkName, fillName, mqttTopic } from '../drivers/name-template.ts';
import { createDriverSink, type DriverOptions, type Outcome } from './driver-sink.ts';
import { messageContentSchema } from './message-content.ts';

export interface MqttOptions extends DriverOptions {
  /** `plants/{subject}/{type}`: with attributes of the event. */
  readonly topic: string;
  /** Default `binary`; with MQTT 3.1.1 `structured`. */
  readonly content?: MessageContent;
  /** The broker keeps the last message of each topic for whoever subscribes later. */
  readonly retain?: boolean;
  /** Default 5. */
  readonly version?: MqttVersion;
  /** 1–1,000, default 100. */
  readonly batchSize?: number;
}

interface Session {
  readonly mqtt: Mqtt;
  /** Rejects when the connection ends: the driver leaves waiting whoever waits for an acknowledgement. */
  readonly ended: Promise<never>;
  readonly hidden: readonly string[];
}

/** Publishes events on topics with QoS 1, and waits until the broker has taken them. */
export function createMqttSink(): Sink<MqttOptions> {
  return createDriverSink<MqttOptions, Session>({
    kind: 'mqtt',
    description: 'Publishes events on topics of an MQTT broker',
    protocols: Object.keys(mqttProtocols),
    required: ['topic'],
    properties: {
      topic: {
        type: 'string',
        minLength: 1,
        maxLength: 1_024,
        description: 'the topic, with attributes of the event: plants/{subject}/{type}',
      },
      content: messageContentSchema('user properties; with MQTT 3.1.1 structured is the default'),
      retain: {
        type: 'boolean',
        description: 'the broker keeps the last message of each topic for whoever subscribes later',
      },
      version: { enum: ['3.1.1', '5'], description: 'of MQTT; 5 by default' },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        description: 'events that are published at a time; 100 by default',
      },
    },
    example: { secret: 'plant-mqtt', topic: 'plants/{subject}/{type}' },
    guarantees:
      'An event is delivered when the broker has taken it (QoS 1), whether or not anybody has subscribed. Attributes cannot bring wildcards into the topic, and levels only at its end.',
    check({ topic, content, version }) {
      checkName(topic, mqttTopic, '/topic');
      if (version !== '3.1.1' || content !== 'binary') return;
      throw new TulleError('target_invalid', 'MQTT 3.1.1 has no place for attributes beside the payload', {
        place: '/content',
        mend: 'Set content to structured or raw, or version to 5.',
      });
    },
    batchSize: ({ batchSize = 100 }) => batchSize,

    async open({ url, sockets, options: { version = '5' } }) {
      const mqtt = await openMqtt(url, sockets, {
        version,
        clientId: `tulle-${crypto.randomUUID().slice(0, 13)}`,
        keepsSession: false,
      });
      const { promise: ended, reject } = Promise.withResolvers<never>();
      ended.catch(() => undefined);
      mqtt.onEnd = reject;
      if (mqtt.ended !== undefined) reject(mqtt.ended);
      return { mqtt, ended, hidden: credentialsOf(url) };
    },
    close: ({ mqtt }) => closeMqtt(mqtt),
    isOpen: ({ mqtt }) => mqtt.ended === undefined,

    async send(session, deliveries, { options }) {
      const outcomes = await Promise.all(deliveries.map(({ event }) => publish(session, event, options)));
      const { ended } = session.mqtt;
      if (ended !== undefined && !outcomes.some(({ ok }) => ok)) throw toDriverFailure('MQTT', ended, session.hidden);
      return outcomes;
    },
  });
}

async function publish({ mqtt, ended }: Session, event: Event, options: MqttOptions): Promise<Outcome> {
  const { version = '5', retain = false, content = version === '5' ? 'binary' : 'structured' } = options;
  try {
    const topic = fillName(options.topic, event, mqttTopic);
    const { contentType, properties, body } = toMessage(mqttBinding, event, content);
    const userProperties = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, String(value)]));
    const payload = toBuffer(body);
    const long = [contentType ?? '', ...Object.values(userProperties)].find(
      (text) => Buffer.byteLength(text) > longest,
    );
    // The driver would end the connection.
    if (long !== undefined) return { ok: false, code: 422, reason: 'an attribute is longer than MQTT has room for' };
    const most = mqtt.client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (payload.length + topic.length + sizeOf(userProperties) > most) {
      return { ok: false, code: 413, reason: `the broker takes ${most} bytes at most` };
    }
    const about: IClientPublishOptions = {
      qos: 1,
      retain,
      ...(version === '5' ? { properties: toProperties(contentType, userProperties) } : {}),
    };
    await Promise.race([mqtt.client.publishAsync(topic, payload, about), ended]);
    return { ok: true };
  } catch (error) {
    return toOutcome(error);
  }
}

/** What is empty is left out: the driver would write a packet that cannot be read. */
function toProperties(
  contentType: string | undefined,
  userProperties: Record<string, string>,
): NonNullable<IClientPublishOptions['properties']> {
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(Object.keys(userProperties).length === 0 ? {} : { userProperties }),
  };
}

/** Reason codes of MQTT 5, 3.4.2.1. */
function toOutcome(error: unknown): Outcome {
  if (TulleError.is(error)) return { ok: false, code: 422, reason: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const reason = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  return { ok: false, code: codes.get(reason) ?? 503, reason: `MQTT: ${message}` };
}

/** Not authorized, topic name invalid, packet too large, quota exceeded, payload format invalid; anything else is tried again. */
const codes: ReadonlyMap<number, number> = new Map([
  [0x87, 403],
  [0x90, 422],
  [0x95, 413],
  [0x97, 429],
  [0x99, 422],
]);

/** Bytes of a string in MQTT. */
const longest = 65_535;

function sizeOf(properties: Readonly<Record<string, string>>): number {
  let size = 64;
  for (const [name, value] of Object.entries(properties)) size += name.length + Buffer.byteLength(value) + 5;
  return size;
}
