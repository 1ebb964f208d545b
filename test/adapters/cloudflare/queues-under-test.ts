import { createQueuesConsumer } from '../../../adapters/cloudflare/queues-consumer.ts';
import { type Bucket, createOutbox } from '../../../adapters/cloudflare/queues-outbox.ts';
import { createQueuesQueue } from '../../../adapters/cloudflare/queues.ts';
import type { Sql } from '../../../adapters/sqlite/sql.ts';
import type { Queue } from '../../../mesh/ports/queue.ts';
import type { Replays } from '../../../mesh/ports/replays.ts';
import type { ShardAddress } from '../../../mesh/ports/shard.ts';
import type { Waits } from '../../../mesh/ports/waits.ts';
import type { QueueHost, QueueUnderTest } from '../../conformance/queue.ts';
import { openSqlLog } from '../../conformance/sql-log.ts';
import { type Broker, type BrokerOptions, createBroker } from './broker.ts';

export interface QueuesUnderTest extends QueueUnderTest {
  readonly queue: Queue;
  readonly broker: Broker;
  readonly reported: unknown[];
  readonly waits: Waits;
  readonly replays: Replays;
}

export const address: ShardAddress = {
  tenant: 't',
  bus: 'b',
  shard: 0,
  retentionSeconds: 86_400,
  queue: 'cloudflare-queues',
};

/** Queues with the log behind it, under the test's clock. */
export function openQueues(
  host: QueueHost,
  platform: Omit<BrokerOptions, 'now'> & { readonly bucket: Bucket; readonly reopen: () => Sql },
): QueuesUnderTest {
  const { bucket } = platform;
  const now = (): number => host.now();
  const reported: unknown[] = [];
  const log = openSqlLog(host, platform.reopen);
  const broker = createBroker({ ...platform, now });
  const outbox = createOutbox({ producer: broker, bucket, now });
  const queue = createQueuesQueue({
    outbox,
    log: { append: (_shard, entries) => log.log().append(entries, 86_400) },
  });
  let behind: Promise<unknown>[] = [];
  const consumer = createQueuesConsumer({
    outbox,
    bucket,
    now,
    log: {
      record: (_place, settlement) => log.log().record(settlement, 86_400),
      setAside: (_place, body, reason) => log.log().setAside(body, reason),
    },
    consume: (messages) => host.consume(messages),
    waitUntil: (work) => void behind.push(work),
    report: (_message, error) => reported.push(error),
  });

  function nextAt(): number | undefined {
    const times = [broker.nextAt(), log.nextAt()].filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  return {
    queue,
    broker,
    reported,
    append: (messages, laned, claims, awaited) =>
      queue.append(address, {
        messages,
        ...(laned && { laned }),
        ...(claims && { claims }),
        ...(awaited && { awaited }),
      }),
    async drain() {
      do {
        await broker.drain(consumer);
        await log.drain();
        await Promise.all(behind);
        behind = [];
      } while ((nextAt() ?? Number.POSITIVE_INFINITY) <= now());
    },
    nextAt,
    ledger: { ...log.ledger, books: () => Promise.resolve(log.log().books()) },
    waits: log.waits,
    replays: log.replays,
    deadLetters: log.deadLetters,
    async crash() {
      await log.crash?.();
    },
  };
}

/** A bucket in memory. */
export function createMemoryBucket(): Bucket & { readonly objects: Map<string, string> } {
  const objects = new Map<string, string>();
  return {
    objects,
    async put(key, value) {
      objects.set(key, value);
    },
    async get(key) {
      const value = objects.get(key);
      return value === undefined ? null : { text: () => Promise.resolve(value) };
    },
    async delete(keys) {
      for (const key of keys) objects.delete(key);
    },
  };
}
