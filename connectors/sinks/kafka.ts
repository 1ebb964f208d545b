import type { Producer } from '@platformatic/kafka';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { kafkaBinding, type MessageContent, toMessage } from '../../event/message.ts';
import type { Delivery, Sink } from '../../mesh/sink.ts';
import { answerOf, kafkaProtocols, openKafka, rootOf, toKafkaFailure, topicNames } from '../drivers/kafka.ts';
import { checkName, fillName, kafkaTopic } from '../drivers/name-template.ts';
import { createDriverSink, type DriverOptions, type Outcome } from './driver-sink.ts';
import { messageContentSchema } from './message-content.ts';

export interface KafkaOptions extends DriverOptions {
  readonly brokers?: readonly string[];
  /** `orders`, or `orders.{type}` with attributes of the event. */
  readonly topic: string;
  /** The attribute that is the key; default `partitionkey`. */
  readonly key?: string;
  readonly content?: MessageContent;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly batchSize?: number;
}

interface Session {
  readonly url: URL;
  readonly producer: KafkaProducer;
  readonly hash: (key: string) => number;
  /** Where records without a key go next. */
  turn: number;
}

type Bytes = string | Uint8Array;
type KafkaProducer = Producer<Bytes, Bytes, Bytes, Bytes>;

interface Message {
  readonly topic: string;
  readonly key?: string;
  readonly value?: string | Uint8Array;
  readonly headers: Map<Bytes, Bytes>;
  readonly partition: number;
}

interface Numbered {
  readonly index: number;
  readonly message: Message;
}

/** Writes events to Kafka topics: acknowledged by all replicas in sync, by an idempotent producer. */
export function createKafkaSink(): Sink<KafkaOptions> {
  return createDriverSink<KafkaOptions, Session>({
    kind: 'kafka',
    description: 'Writes events to a Kafka topic',
    protocols: Object.keys(kafkaProtocols),
    required: ['topic'],
    properties: {
      brokers: {
        type: 'array',
        maxItems: 20,
        items: { type: 'string', pattern: '^[^\\s/@]+:\\d{1,5}$', maxLength: 259 },
        description: 'more brokers to begin with, as HOST:PORT',
      },
      topic: {
        type: 'string',
        minLength: 1,
        maxLength: topicNames.maxLength,
        pattern: '^[a-zA-Z0-9._{}-]+$',
        description: 'the topic; attributes of the event in braces: orders.{type}. It is not created',
      },
      key: {
        type: 'string',
        pattern: '^[a-z0-9]{1,64}$',
        description: 'the attribute that is the key, by which the partition is chosen; default partitionkey',
      },
      content: messageContentSchema('headers ce_… and the data as the value'),
      compression: { enum: ['none', 'gzip', 'snappy', 'lz4', 'zstd'], description: 'of the records; default none' },
      batchSize: { type: 'integer', minimum: 1, maximum: 1_000, description: 'events in one request; 100 by default' },
    },
    example: { secret: 'shop-kafka', topic: 'orders', key: 'subject' },
    guarantees:
      'An event is delivered when all replicas in sync have it (`acks=all`). The producer is idempotent: what it repeats by itself is there once. An attempt that is repeated later is another record, with the same `ce_id` and `ce_source`. Events with the same key are in the same partition, chosen as the clients of Java do; their order is kept where the rule keeps it (`order`). An event without data is a record without a value: a tombstone, where it has a key. Of a batch only the event that is too large, or that names a topic that is not there, fails.',
    check: ({ topic }) => checkName(topic, kafkaTopic, '/topic'),
    batchSize: ({ batchSize = 100 }) => batchSize,

    async open({ options, url, sockets }) {
      // Loaded by whoever uses it.
      const { Producer, compatibilityPartitioner } = await import('@platformatic/kafka');
      const toBytes = (text?: Bytes): Buffer | undefined => (text === undefined ? text : Buffer.from(text));
      const serializers = { key: toBytes, value: toBytes, headerKey: toBytes, headerValue: toBytes };
      try {
        const producer: KafkaProducer = openKafka(
          { url, brokers: options.brokers, sockets },
          (dialling) =>
            new Producer({
              ...dialling,
              serializers,
              idempotent: true,
              acks: allInSync,
              compression: options.compression ?? 'none',
            }),
        );
        try {
          await producer.initIdempotentProducer({});
        } catch (error) {
          await producer.close(true).catch(() => undefined);
          throw error;
        }
        const hash = (key: string): number => compatibilityPartitioner({ topic: '' }, Buffer.from(key));
        return { url, producer, hash, turn: Math.floor(Math.random() * 1_000) };
      } catch (error) {
        throw toKafkaFailure(error, url);
      }
    },

    close: ({ producer }) => producer.close(true),

    async send(session, deliveries, { options }) {
      try {
        return await sendAll(session, deliveries, options);
      } catch (error) {
        throw toKafkaFailure(error, session.url);
      }
    },
  });
}

const allInSync = -1;

/** Each partition is a request that is taken as a whole or not at all. */
async function sendAll(
  session: Session,
  deliveries: readonly Delivery[],
  options: KafkaOptions,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = deliveries.map(() => ({ ok: true }));
  const groups = new Map<string, Numbered[]>();
  let unanswered: unknown;
  session.turn += 1;

  function fail(index: number, error: unknown): Outcome {
    const outcome = toOutcome(error);
    outcomes[index] = outcome ?? { ok: false, code: 503, reason: 'Kafka: no broker answered' };
    if (outcome === undefined) unanswered = error;
    return outcomes[index];
  }

  for (const [index, { event }] of deliveries.entries()) {
    try {
      const topic = fillName(options.topic, event, kafkaTopic);
      const message = toKafkaMessage(event, { topic, count: await countPartitions(session, topic), options, session });
      const place = `${topic}:${message.partition}`;
      groups.set(place, [...(groups.get(place) ?? []), { index, message }]);
    } catch (error) {
      fail(index, error);
    }
  }

  async function send(group: readonly Numbered[]): Promise<void> {
    try {
      await session.producer.send({ messages: group.map(({ message }) => message), acks: allInSync });
    } catch (error) {
      const [outcome] = group.map(({ index }) => fail(index, error));
      if (group.length === 1 || outcome === undefined || isRetriable(outcome)) return;
      // Nothing of it was taken: one by one it shows which of them it is.
      for (const one of group) {
        outcomes[one.index] = { ok: true };
        await send([one]);
      }
    }
  }

  await Promise.all([...groups.values()].map(send));
  // Nothing is known of any of them: the next attempt has connections of its own.
  if (unanswered !== undefined && outcomes.every(({ ok }) => !ok)) throw unanswered;
  return outcomes;
}

/** The driver keeps what it knows of topics, but does not keep that there is none. */
async function countPartitions({ producer }: Session, topic: string): Promise<number> {
  const { topics } = await producer.metadata({ topics: [topic] });
  return Math.max(1, topics.get(topic)?.partitionsCount ?? 1);
}

function toKafkaMessage(
  event: Event,
  to: { readonly topic: string; readonly count: number; readonly options: KafkaOptions; readonly session: Session },
): Message {
  const { topic, count, options, session } = to;
  const { key: name = 'partitionkey', content = 'binary' } = options;
  const { contentType, properties, body } = toMessage(kafkaBinding, event, content);
  const headers = new Map<Bytes, Bytes>(Object.entries(properties).map(([header, value]) => [header, String(value)]));
  // Structured mode says what it is by the content type alone.
  if (contentType !== undefined) headers.set('content-type', contentType);
  const attribute = event.attributes[name];
  const key = attribute === undefined ? undefined : String(attribute).toWellFormed();
  return {
    topic,
    headers,
    partition: (key === undefined ? session.turn : session.hash(key)) % count,
    ...(key === undefined ? {} : { key }),
    ...(event.data === undefined && content !== 'structured' ? {} : { value: body }),
  };
}

function isRetriable(outcome: Outcome): boolean {
  return !outcome.ok && outcome.code >= 429;
}

/** What HTTP would say, see `Outcome`; `undefined` where no broker has answered. */
function toOutcome(error: unknown): Outcome | undefined {
  if (TulleError.is(error)) return { ok: false, code: 422, reason: error.message };
  const root = rootOf(error);
  const message = root instanceof Error ? root.message : String(root);
  const answer = answerOf(error);
  // The driver's own words.
  const code = message.startsWith('Unknown topic ')
    ? 404
    : answer && (codes[answer.id] ?? (answer.isRetriable ? 503 : 400));
  return code === undefined ? undefined : { ok: false, code, reason: `Kafka: ${message}` };
}

const codes: Readonly<Record<string, number>> = {
  MESSAGE_TOO_LARGE: 413,
  RECORD_LIST_TOO_LARGE: 413,
  TOPIC_AUTHORIZATION_FAILED: 403,
  CLUSTER_AUTHORIZATION_FAILED: 403,
  UNKNOWN_TOPIC_OR_PARTITION: 404,
  THROTTLING_QUOTA_EXCEEDED: 429,
  // Of the producer's session, not of the records.
  OUT_OF_ORDER_SEQUENCE_NUMBER: 503,
  INVALID_PRODUCER_EPOCH: 503,
  UNKNOWN_PRODUCER_ID: 503,
  POLICY_VIOLATION: 422,
};
