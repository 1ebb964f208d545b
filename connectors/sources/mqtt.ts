import type { IPublishPacket } from 'mqtt';
import { TulleError } from '../../event/error.ts';
import { mqttBinding } from '../../event/message.ts';
import { defineSource, type PoisonRecord, type Position, type PullContext } from '../../mesh/connector/source.ts';
import { credentialsOf, readAddress, toDriverFailure, within } from '../drivers/endpoint.ts';
import { readMessages } from '../drivers/messages.ts';
import { acknowledge, closeMqtt, type Mqtt, mqttProtocols, type MqttVersion, openMqtt } from '../drivers/mqtt.ts';
import { toBrokerMessage } from '../drivers/mqtt-messages.ts';
import { secretProperty } from '../drivers/secret-property.ts';

export interface MqttSourceOptions {
  /** The name of a secret that holds `mqtt://USER:PASSWORD@HOST:PORT`; `mqtts:` is encrypted. */
  readonly secret: string;
  /** Topic filters. */
  readonly topics: readonly string[];
  /** Names the session at the broker: no two connectors may have the same. */
  readonly clientId: string;
  /** A shared subscription: with it, several tasks share the messages. */
  readonly group?: string;
  /** Default 5. */
  readonly version?: MqttVersion;
  /** The most messages that are handed out and not acknowledged; default 100. MQTT 3.1.1 leaves it to the broker. */
  readonly receiveMaximum?: number;
}

interface Session {
  readonly url: URL;
  mqtt: Mqtt | undefined;
  /** Handed out, and not pulled yet. */
  readonly waiting: IPublishPacket[];
  /** Told that one came, or that none will. */
  wake: (() => void) | undefined;
}

/**
 * Takes messages from topics, in a session that the broker keeps. A message of QoS 1 is acknowledged when its event is
 * durable; until then the broker hands it out again whenever the connection was lost.
 */
export const mqtt = defineSource<MqttSourceOptions, Session>({
  kind: 'mqtt',
  description: 'Takes messages from topics of an MQTT broker',
  platforms: ['node'],
  divisible: true,
  schema: {
    type: 'object',
    properties: {
      secret: secretProperty('the name of a secret that holds mqtt://USER:PASSWORD@HOST:PORT, or mqtts://…'),
      topics: {
        type: 'array',
        minItems: 1,
        maxItems: 32,
        uniqueItems: true,
        items: { type: 'string', minLength: 1, maxLength: 1_024, description: 'a topic filter: plants/+/temperature' },
        description: 'the topic filters that are subscribed to',
      },
      clientId: {
        type: 'string',
        pattern: '^[A-Za-z0-9_-]{1,60}$',
        description: 'names the session at the broker; no two connectors may have the same',
      },
      group: {
        type: 'string',
        pattern: '^[^/+#\\s]{1,128}$',
        description: 'the name of a shared subscription: with it, the tasks of a connector share the messages',
      },
      version: { enum: ['3.1.1', '5'], description: 'of MQTT; 5 by default' },
      receiveMaximum: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        description: 'messages that are handed out and not acknowledged, at most; 100 by default; MQTT 5 only',
      },
    },
    required: ['secret', 'topics', 'clientId'],
    additionalProperties: false,
  },
  example: { secret: 'plant-mqtt', topics: ['plants/+/temperature'], clientId: 'tulle-temperatures' },
  guarantees:
    'The session at the broker is kept while nobody is connected (MQTT 5: for a week), and a message that was published with QoS 1 or 2 is acknowledged when its event is durable: at least once. One that was published with QoS 0 can get lost at any time. When the broker has lost the session, a record that says so is set aside. A message with the user properties of a CloudEvent (`id`, `source`, `type`, `specversion`), or with its content type, is that event; with MQTT 3.1.1 a JSON payload that has a `specversion`. Of any other the payload is the data, the topic is the subject, and the id comes of its packet identifier and a digest: the same when it is handed out again by a broker that keeps the identifier, as MQTT asks it to. The first connection makes the session: what was published before is not pulled, but for retained messages. `parallelism` needs a `group`.',

  check({ topics }) {
    for (const [index, topic] of topics.entries()) {
      if (isFilter(topic)) continue;
      throw new TulleError('resource_invalid', 'This is no topic filter', {
        place: `/topics/${index}`,
        mend: 'Put + in place of a whole level, and # only at the end; name a shared subscription in group.',
      });
    }
  },

  open: async (context) => ({
    url: await readAddress(context, mqttProtocols),
    mqtt: undefined,
    waiting: [],
    wake: undefined,
  }),

  async close({ mqtt: open }) {
    if (open !== undefined) await closeMqtt(open);
  },

  async pull(position, context) {
    const { session, options, limit } = context;
    try {
      const isFresh = session.mqtt === undefined;
      const open = (session.mqtt ??= await subscribe(context));
      const messages = await take(session, open, limit);
      const clientId = clientIdOf(context);
      const read = readMessages(
        mqttBinding,
        messages.map((packet) => toBrokerMessage(clientId, packet)),
      );
      const lost = isFresh && !open.isResumed ? sessionLost(position, options) : [];
      return {
        records: read.records,
        poison: [...lost, ...read.poison],
        position: { subscribed: true },
        // A broker says nothing of what it still has.
        done: messages.length === 0,
        receipt: messages,
      };
    } catch (error) {
      throw toDriverFailure('MQTT', session.mqtt?.ended ?? error, credentialsOf(session.url));
    }
  },

  async acknowledge({ receipt }, { session: { mqtt: open, url } }) {
    const packets = ((receipt ?? []) as readonly IPublishPacket[]).filter(({ qos }) => qos === 1);
    if (open === undefined || packets.length === 0) return;
    try {
      if (open.ended !== undefined) throw open.ended;
      await acknowledge(open, packets);
    } catch (error) {
      throw toDriverFailure('MQTT', error, credentialsOf(url));
    }
  },
});

/** The broker hands out what it has as soon as the session is there: the messages are taken from the first on. */
async function subscribe(context: PullContext<MqttSourceOptions, Session>): Promise<Mqtt> {
  const { session, options, partition, sockets } = context;
  const { topics, group, version = '5', receiveMaximum = 100 } = options;
  if (partition.count > 1 && group === undefined) {
    throw new TulleError('resource_invalid', 'several tasks would each get every message', {
      mend: 'Name a shared subscription in group, or set parallelism to 1.',
    });
  }
  const open = await openMqtt(session.url, sockets, {
    version,
    clientId: clientIdOf(context),
    keepsSession: true,
    receiveMaximum,
    onMessage(packet) {
      session.waiting.push(packet);
      session.wake?.();
    },
  });
  open.onEnd = () => session.wake?.();
  try {
    // It knows them already; retained messages would all come again.
    if (open.isResumed && version === '3.1.1') return open;
    const filters = topics.map((topic) => (group === undefined ? topic : `$share/${group}/${topic}`));
    // 1: retained messages come with a new subscription only. Shared ones have none.
    const about = version === '5' ? ({ qos: 1, rh: 1 } as const) : ({ qos: 1 } as const);
    const granted = await within(answerMs, open.client.subscribeAsync([...filters], about), () => undefined);
    const refused = granted.find(({ qos }) => qos >= 128);
    if (refused !== undefined) throw new TulleError('unavailable', `MQTT: the broker refuses ${refused.topic}`);
    return open;
  } catch (error) {
    const { ended } = open;
    await closeMqtt(open);
    throw ended ?? error;
  }
}

/** What is there, and what comes while it comes without a break; never more than a pull may hold. */
async function take(
  session: Session,
  open: Mqtt,
  limit: { readonly records: number; readonly bytes: number },
): Promise<readonly IPublishPacket[]> {
  const taken: IPublishPacket[] = [];
  let room = limit.bytes;
  for (;;) {
    while (taken.length < limit.records && room > 0) {
      const packet = session.waiting.shift();
      if (packet === undefined) break;
      taken.push(packet);
      room -= packet.payload.length + packet.topic.length + messageOverhead;
    }
    if (taken.length >= limit.records || room <= 0) return taken;
    if (open.ended !== undefined) throw open.ended;
    // A broker with no more room for what is not acknowledged is silent.
    await nextMessage(session, taken.length === 0 ? firstMs : quietMs);
    if (session.waiting.length === 0 && open.ended === undefined) return taken;
  }
}

async function nextMessage(session: Session, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    session.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  session.wake = undefined;
}

/** Whoever was subscribed before and finds no session has missed what was published in between. */
function sessionLost(position: Position | undefined, { topics }: MqttSourceOptions): readonly PoisonRecord[] {
  if (position?.['subscribed'] !== true) return [];
  return [
    {
      record: { topics: [...topics] },
      reason: 'the broker had lost the session: messages since the last pull may be missing',
    },
  ];
}

function clientIdOf({ options, partition }: PullContext<MqttSourceOptions, Session>): string {
  return partition.count === 1 ? options.clientId : `${options.clientId}-${partition.index}`;
}

/** MQTT 5, 4.7; shared subscriptions are made of `group`. */
function isFilter(topic: string): boolean {
  if (/\p{Cc}|^\$share\//u.test(topic)) return false;
  const levels = topic.split('/');
  return levels.every(
    (level, index) => !/[+#]/.test(level) || level === '+' || (level === '#' && index === levels.length - 1),
  );
}

const messageOverhead = 128;
const answerMs = 10_000;
const firstMs = 250;
const quietMs = 30;
