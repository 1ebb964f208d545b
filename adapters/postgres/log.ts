import { setImmediate } from 'node:timers/promises';
import { TulleError } from '../../event/error.ts';
import { frame } from '../../mesh/frame.ts';
import type { DeliveryOutcome } from '../../mesh/publish/outcome.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Appended, Entries } from '../../mesh/ports/queue.ts';
import type { ShardAddress } from '../../mesh/ports/shard.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { claimsOf, withoutKnown } from '../sqlite/log-claims.ts';
import { toMessages, toRows, weigh } from '../sqlite/log-rows.ts';
import { insertBatches, type NewBatch } from './batch-store.ts';
import { bookPlanned } from './book-store.ts';
import { busOf } from './bus.ts';
import { claimKeys } from './claim-store.ts';
import type { Database, Sql } from './database.ts';
import { createDrain, type Drain, type Takes } from './drain.ts';
import { insertLaneRows, type NewLaneRow, touchTurns } from './lane-store.ts';
import type { Take } from './message-store.ts';
import { release } from './release.ts';
import type { WaitBoxes } from '../waits.ts';
import { createPostgresWaits } from './waits.ts';

/** The durable queue that several processes share. */
export interface PostgresLog {
  /** Resolves when the messages are committed. Whoever appends in the meantime shares the next commit. */
  append(shard: ShardAddress, entries: Entries): Promise<Appended>;
  readonly drain: Drain;
  readonly waits: Waits;
  /** Gives back what this process has in the database and knows nothing of: a statement's answer was lost. */
  sweep(): Promise<void>;
  /** Takes nothing more; resolves when what is out is settled, and all else is others'. */
  stop(): Promise<void>;
}

export interface PostgresLogOptions {
  readonly database: Database;
  readonly consume: QueueConsumer;
  /** The number of this process. */
  readonly owner: () => number;
  readonly now: () => number;
  readonly report: (message: string, error: unknown) => void;
  readonly settleEveryMs: number;
  /** Where publishers wait. */
  readonly boxes: WaitBoxes;
  /** Tells the other processes what became of deliveries whose publishers may wait there. */
  readonly onOutcomes: (outcomes: readonly DeliveryOutcome[]) => void;
  /** Told when something was stored that this process has no room for. */
  readonly onLeft: () => void;
}

interface Waiting {
  readonly bus: string;
  readonly entries: Entries;
}

interface Draft {
  readonly batches: readonly NewBatch[];
  readonly laned: readonly NewLaneRow[];
  /** An append each. */
  readonly appended: readonly Appended[];
}

interface Stored extends Draft {
  /** Of the batches. */
  readonly ids: readonly number[];
}

/** UTF-16 units that may wait for a commit: past it the publisher is told to come back. */
const BUFFER_LENGTH = 16_000_000;
/** For how long a process goes by what it wrote itself of how long a bus keeps what it has. */
const RETENTION_MS = 60_000;

export function createPostgresLog(options: PostgresLogOptions): PostgresLog {
  const { database } = options;
  const takes = createTakes(options.owner);
  const waits = createPostgresWaits({ boxes: options.boxes, consume: options.consume, announce: options.onOutcomes });
  const drain = createDrain({
    ...options,
    takes,
    consume: waits.consume,
    onSettled: (settlements) => waits.settled(settlements),
  });
  const retention = new Map<string, { readonly key: string; readonly at: number }>();
  let buffer: Waiting[] = [];
  let buffered = 0;
  let commit: Promise<readonly Appended[]> | undefined;
  let lastCommit: Promise<unknown> = Promise.resolve();
  let stopped = false;

  /** Answers an append each. */
  async function flush(): Promise<readonly Appended[]> {
    // Whoever comes while a commit is under way shares the next one: the slower the disk, the larger the batches.
    await Promise.all([setImmediate(), lastCommit]);
    const waiting = buffer;
    buffer = [];
    buffered = 0;
    commit = undefined;
    const stored = store(waiting);
    lastCommit = Promise.allSettled([stored]);
    return stored;
  }

  async function store(waiting: readonly Waiting[]): Promise<readonly Appended[]> {
    const take = takes.begin();
    try {
      const now = options.now();
      const { keys, seconds } = claimsOf(waiting.map(({ entries }) => entries));
      const isSimple = keys.length === 0 && waiting.every(({ entries }) => (entries.laned ?? []).length === 0);
      const work = async (sql: Sql): Promise<Stored> => {
        const known = await claimKeys(sql, keys, now, now + seconds * 1000);
        const draft = toDraft(waiting, known, take, now);
        await touchTurns(sql, draft.laned);
        await insertLaneRows(sql, draft.laned);
        const ids = await insertBatches(sql, draft.batches, { owner: take.owner, now });
        await bookPlanned(sql, take.owner, 'append', draft.laned);
        return { ...draft, ids };
      };
      // One statement is a transaction by itself, which saves two answers to wait for.
      const stored = isSimple ? await work(database) : await database.transaction(work);
      handOver(stored);
      return stored.appended;
    } finally {
      takes.end(take);
    }
  }

  function toDraft(waiting: readonly Waiting[], known: ReadonlySet<string>, take: Take, due: number): Draft {
    const batches: NewBatch[] = [];
    const laned: NewLaneRow[] = [];
    const appended = new Map<Waiting, Appended>();
    for (const [bus, some] of Map.groupBy(waiting, (one) => one.bus)) {
      const kept = withoutKnown(
        some.map(({ entries }) => entries),
        known,
      );
      for (const [index, one] of some.entries()) appended.set(one, { duplicates: kept.duplicates[index] ?? [] });
      for (const [messages, archived] of [
        [kept.messages, false],
        [kept.archived, true],
      ] as const) {
        for (const part of toRows(messages)) {
          const body = frame(part);
          batches.push({
            bus,
            archived,
            deliveries: weigh(part),
            body,
            ...(drain.mayTake(bus, body.length) ? { take } : {}),
          });
        }
      }
      for (const [lane, all] of Map.groupBy(kept.laned, (one) => one.lane)) {
        for (const part of toRows(all.map(({ body }) => body)))
          laned.push({ bus, lane, due, deliveries: weigh(part), body: frame(part) });
      }
    }
    return { batches, laned, appended: waiting.map((one) => appended.get(one) ?? { duplicates: [] }) };
  }

  /** What was taken as it was stored is delivered from memory. */
  function handOver({ batches, laned, ids }: Stored): void {
    drain.add(
      batches.flatMap(({ take, body, bus }, index) => {
        const id = ids[index];
        if (take === undefined || id === undefined) return [];
        return [{ ...take, id, bus, retry: false, failures: 0, length: body.length, messages: toMessages(body) }];
      }),
    );
    const left = batches.some(({ take }) => take === undefined);
    if (left || laned.length > 0) drain.wake();
    if (left) options.onLeft();
  }

  async function keepFor(bus: string, { retentionSeconds: seconds, archiveSeconds = 0 }: ShardAddress): Promise<void> {
    const key = `${seconds} ${archiveSeconds}`;
    const known = retention.get(bus);
    // Another process may have written another one since.
    if (known?.key === key && performance.now() - known.at < RETENTION_MS) return;
    await database.run(
      `INSERT INTO retention (bus, seconds, archive_seconds) VALUES ($1::text, $2::bigint, $3::bigint)
       ON CONFLICT (bus) DO UPDATE SET seconds = excluded.seconds, archive_seconds = excluded.archive_seconds
       WHERE (retention.seconds, retention.archive_seconds) <> (excluded.seconds, excluded.archive_seconds)`,
      bus,
      seconds,
      archiveSeconds,
    );
    retention.set(bus, { key, at: performance.now() });
  }

  async function sweep(except: readonly number[], before: number): Promise<void> {
    if ((await release(database, options.owner(), except, before)) > 0) options.onLeft();
  }

  return {
    drain,
    waits: waits.ports,
    async append(shard, entries) {
      const bus = busOf(shard);
      if (stopped) throw new TulleError('unavailable', 'the queue is being shut', { retryAfter: 1 });
      const length = lengthOf(entries);
      if (buffered > 0 && buffered + length > BUFFER_LENGTH) {
        throw new TulleError('unavailable', 'the queue is taking in as much as it can', { retryAfter: 1 });
      }
      await keepFor(bus, shard);
      if (entries.awaited !== undefined) waits.open(entries.awaited);
      const place = buffer.push({ bus, entries }) - 1;
      buffered += length;
      commit ??= flush();
      const appended = await commit;
      return appended[place] ?? { duplicates: [] };
    },
    sweep: () => sweep(drain.tokens(), takes.next),
    async stop() {
      stopped = true;
      waits.stop();
      await drain.stop();
      await lastCommit;
      await sweep([], Number.MAX_SAFE_INTEGER);
    },
  };
}

function createTakes(owner: () => number): Takes & { readonly next: number } {
  const open = new Set<number>();
  let next = 1;
  return {
    open,
    get next() {
      return next;
    },
    begin() {
      const token = next++;
      open.add(token);
      return { owner: owner(), token };
    },
    end({ token }) {
      open.delete(token);
    },
  };
}

function lengthOf({ messages, archived = [], laned = [] }: Entries): number {
  const texts = [...messages, ...archived, ...laned.map(({ body }) => body)];
  return texts.reduce((sum, text) => sum + text.length, 0);
}
