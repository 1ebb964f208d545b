import { connect, createServer, type Socket } from 'node:net';
import { Admin, Consumer, Producer } from '@platformatic/kafka';
import { createSockets } from '../../adapters/node/sockets.ts';
import { kafka } from '../../connectors/sources/kafka.ts';
import type { KafkaSourceOptions } from '../../connectors/sources/kafka-pull.ts';
import type { Position, PullContext, Pulled } from '../../mesh/connector/source.ts';

export const kafkaUrl = process.env['TULLE_TEST_KAFKA_URL'] ?? '';

export function saySkipped(what: string): void {
  if (kafkaUrl === '')
    console.log(`${what}: skipped, TULLE_TEST_KAFKA_URL names no server (npm run services -- COMMAND).`);
}

/** What a test does with a broker besides what is tested. */
export function createKafkaTools(url: string) {
  const { host } = new URL(url);
  const options = { clientId: 'test', bootstrapBrokers: [host], retries: 5, retryDelay: 500, autocreateTopics: false };
  const admin = new Admin(options);
  const producer = new Producer({ ...options, idempotent: true, acks: -1 });
  let topics = 0;

  return {
    admin,
    producer,
    async createTopic(partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
      topics += 1;
      const topic = `t-${process.pid}-${Date.now()}-${topics}`;
      const settings = Object.entries(configs).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: settings });
      return topic;
    },
    async write(topic: string, messages: readonly Message[]): Promise<void> {
      await producer.send({
        acks: -1,
        messages: messages.map(({ value = null, key, headers = {}, ...rest }) => ({
          topic,
          // A record without a value has none at all.
          ...(value === null ? {} : { value: Buffer.from(value) }),
          ...(key === undefined ? {} : { key: Buffer.from(key) }),
          headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
          ...rest,
        })),
      });
    },
    /** Every record of a topic. */
    async read(topic: string): Promise<readonly Message[]> {
      const found: Message[] = [];
      const consumer = new Consumer({ ...options, groupId: 'test' });
      consumer.topics.track(topic);
      const { topics: known } = await consumer.metadata({ topics: [topic] });
      const { id = '', partitionsCount = 0 } = known.get(topic) ?? {};
      for (let partition = 0; partition < partitionsCount; partition += 1) {
        for (let offset = 0n, before = -1n; offset > before;) {
          before = offset;
          const at = { partition, fetchOffset: offset, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
          const { responses } = await consumer.fetch({
            node: 1,
            maxWaitTime: 20,
            topics: [{ topicId: id, partitions: [{ ...at, partitionMaxBytes: 8_000_000 }] }],
          });
          for (const batch of responses
            .flatMap((response) => response.partitions)
            .flatMap((one) => one.records ?? [])) {
            offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
            for (const { key, value, headers } of batch.records) {
              const texts = headers.map(([name, text]) => [String(name), String(text)]);
              found.push({ value, partition, headers: Object.fromEntries(texts), ...(key && { key: String(key) }) });
            }
          }
        }
      }
      await consumer.close();
      return found;
    },
    async close(): Promise<void> {
      await producer.close(true);
      await admin.close();
    },
  };
}

interface Message {
  readonly value?: string | Buffer | null;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: number;
}

/** One pull on a connection of its own. */
export async function pullKafka(
  url: string,
  options: Omit<KafkaSourceOptions, 'secret'>,
  position?: Position,
  changes: Partial<PullContext<KafkaSourceOptions, unknown>> = {},
): Promise<Pulled> {
  const base = {
    options: { secret: 'url', ...options },
    secret: async () => url,
    fetch,
    authorize: () => Promise.reject(new Error('none')),
    policy: { allowPrivateTargets: true },
    sockets: createSockets({ allowPrivateTargets: true }),
    signal: new AbortController().signal,
    now: Date.now,
    partition: { index: 0, count: 1 },
    phase: 'incremental' as const,
    limit: { records: 100, bytes: 1e7 },
    ...changes,
  };
  const session = await kafka.open?.(base);
  if (session === undefined) throw new Error('there is no session');
  try {
    return await kafka.pull(position, { ...base, session });
  } finally {
    await kafka.close?.(session);
  }
}

/** Stands before a broker and says in its stead where it is to be found: `advertise` sets the port. */
export async function startAdvertiser(port: number): Promise<{
  readonly port: number;
  advertise(port: number): void;
  stop(): void;
}> {
  const bytesOf = (number: number): Buffer => {
    const bytes = Buffer.from('127.0.0.1....');
    bytes.writeInt32BE(number, 9);
    return bytes;
  };
  let advertised = port;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(port, '127.0.0.1');
    for (const socket of [client, broker]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => [client, broker].map((one) => one.destroy()));
    }
    client.pipe(broker);
    broker.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(bytesOf(port));
      if (at >= 0) bytesOf(advertised).copy(chunk, at);
      client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    advertise: (other) => void (advertised = other),
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
