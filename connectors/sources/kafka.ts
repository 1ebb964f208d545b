import { TulleError } from '../../event/error.ts';
import { defineSource } from '../../mesh/connector/source.ts';
import { readAddress } from '../drivers/endpoint.ts';
import { kafkaProtocols, openKafka, toKafkaFailure, topicNames } from '../drivers/kafka.ts';
import { attributeNameOf, offsetsSchema } from '../drivers/kafka-records.ts';
import { type KafkaPosition, type KafkaSession, type KafkaSourceOptions, pullKafka } from './kafka-pull.ts';
import { secretProperty } from '../drivers/secret-property.ts';

/** Pulls the records of a Kafka topic, from offsets of its own: no consumer group has to be there, and none is touched. */
export const kafka = defineSource<KafkaSourceOptions, KafkaSession>({
  kind: 'kafka',
  description: 'Pulls the records of a Kafka topic',
  platforms: ['node'],
  divisible: true,
  example: { secret: 'shop-kafka', topic: 'orders', headers: ['x-tenant'] },
  guarantees:
    'Offsets are kept as the position of the task: no consumer group is joined and nothing is committed to Kafka. Only what is committed is read (`read_committed`); of transactions that were aborted nothing comes. A CloudEvent by the Kafka binding, binary or structured, stays itself; of any other record the value is the data, and its id is `topic:partition:offset`. The key is the attribute `partitionkey`; a record without a value (a tombstone) is an event without data and with `tombstone`. Order is kept within a partition. Records that retention or compaction took away before they were pulled are told as a gap among the records that were set aside, and so is a topic that was made anew. The value of a record is not looked up in a schema registry: Avro and Protobuf come as `data_base64`.',
  schema: {
    type: 'object',
    properties: {
      secret: secretProperty(
        'the name of a secret that holds kafka://USER:PASSWORD@HOST:PORT, or kafka+ssl://… for an encrypted connection; ?sasl=SCRAM-SHA-512 (or 256) for another authentication than PLAIN',
      ),
      brokers: {
        type: 'array',
        maxItems: 20,
        items: { type: 'string', pattern: '^[^\\s/@]+:\\d{1,5}$', maxLength: 259 },
        description: 'more brokers to begin with, as HOST:PORT',
      },
      topic: { type: 'string', ...topicNames, description: 'the topic' },
      from: {
        enum: ['earliest', 'latest'],
        description: 'where a connector begins that has no position yet; default earliest',
      },
      headers: {
        type: 'array',
        maxItems: 32,
        items: { type: 'string', minLength: 1, maxLength: 100, pattern: '[a-zA-Z0-9]' },
        description: 'headers that become attributes, named by their letters and digits: x-tenant is xtenant',
      },
    },
    required: ['secret', 'topic'],
    additionalProperties: false,
  },
  position: {
    type: 'object',
    properties: { topic: { type: 'string', maxLength: 249 }, offsets: offsetsSchema },
    additionalProperties: false,
  },
  check({ headers = [] }) {
    const index = headers.findIndex((name) => taken.has(attributeNameOf(name)) || attributeNameOf(name).length > 64);
    if (index < 0) return;
    throw new TulleError('resource_invalid', 'This header cannot be an attribute', {
      place: `/headers/${index}`,
      mend: 'Leave it out: the attribute of this name has its own meaning, or the name is too long.',
    });
  },

  async open(context) {
    const { options, sockets } = context;
    const url = await readAddress(context, kafkaProtocols);
    // Loaded by whoever uses it.
    const { Consumer } = await import('@platformatic/kafka');
    const consumer = openKafka(
      { url, brokers: options.brokers, sockets },
      // The driver wants a name; no group of it is ever joined.
      (dialling) => new Consumer({ ...dialling, groupId: 'tulle', autocommit: false }),
    );
    consumer.topics.track(options.topic);
    return { url, consumer, ahead: new Map(), ends: new Map(), turn: 0 };
  },

  close: ({ consumer }) => consumer.close(),

  async pull(stored, context) {
    try {
      return await pullKafka((stored ?? {}) as KafkaPosition, context);
    } catch (error) {
      throw toKafkaFailure(error, context.session.url);
    }
  },
});

const taken = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'data',
  'datacontenttype',
  'tombstone',
]);
