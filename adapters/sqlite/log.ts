import { TulleError } from '../../event/error.ts';
import type { DeadLetterEntry, DeadLetterPage, DeadLetterQuery } from '../../mesh/dead-letters/query.ts';
import type { RedriveOrder, RedriveOutcome } from '../../mesh/dead-letters/redrive.ts';
import type { ShardBooks } from '../../mesh/books.ts';
import type { LaneStatus } from '../../mesh/lane.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Appended, Entries } from '../../mesh/ports/queue.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { isFact } from '../../mesh/publish/outcome.ts';
import { createWaitBoxes, type WaitBoxes } from '../waits.ts';
import type { ReplayOrder, ReplayStatus } from '../../mesh/replay/replay.ts';
import { type ArchiveStore, createArchiveStore } from './archive-store.ts';
import { type ClaimStore, createClaimStore } from './claim-store.ts';
import { createDeadLetterStore, type DeadLetterStore } from './dead-letter-store.ts';
import { createHistoryStore, type HistoryStore } from './history-store.ts';
import { createLaneStore, type LaneStore } from './lane-store.ts';
import { createLogCommit, type NewBatch } from './log-commit.ts';
import { createDrain, type LogPace, workersPace } from './log-drain.ts';
import { createLogBooks } from './log-books.ts';
import { createLogDeadLetters } from './log-dead-letters.ts';
import { createLanes } from './log-lanes.ts';
import { createLogOutside } from './log-outside.ts';
import { createLogReplays } from './log-replays.ts';
import { migrate } from './log-migration.ts';
import { createLogRetention } from './log-retention.ts';
import { createLogStore, type LogStore } from './log-store.ts';
import type { Sql } from './sql.ts';

/** One shard of the durable queue: batches in sequence, a cursor, and retries by due time. */
export interface Log {
  /** Resolves when the messages are on disk. Whoever appends in the meantime shares the commit. */
  append(entries: Entries, retentionSeconds: number, archiveSeconds?: number): Promise<Appended>;
  /** To be called when the alarm rings: hands out what is due, then sets the next alarm. Never throws. */
  drain(): Promise<void>;
  /** Sets the alarm if there is work: for a restart, where it is not known what alarm is set. */
  resume(): void;
  /** Takes and hands out nothing more; resolves when everything that is out is settled and on disk. */
  stop(): Promise<void>;
  lanes(): readonly LaneStatus[];
  books(): ShardBooks;
  /** Where publishers wait. */
  readonly waits: Pick<WaitBoxes, 'take' | 'close' | 'stop'>;
  listDeadLetters(query: DeadLetterQuery): DeadLetterPage;
  getDeadLetter(sequence: number): DeadLetterEntry | undefined;
  /** Resolves when they are on disk as new deliveries, and no dead letters any more. */
  redrive(sequences: readonly number[], order: RedriveOrder): Promise<RedriveOutcome>;
  deleteDeadLetters(sequences: readonly number[]): Promise<number>;
  /** Resolve when it is on disk. */
  startReplay(order: ReplayOrder, most?: number): Promise<ReplayStatus | undefined>;
  cancelReplay(name: string): Promise<ReplayStatus | undefined>;
  deleteReplay(name: string): Promise<boolean>;
  getReplay(name: string): ReplayStatus | undefined;
  listReplays(): readonly ReplayStatus[];
  /**
   * For what another queue handed out. Resolves when it is on disk; without `retentionSeconds`, the log keeps what it has
   * for as long as it did.
   */
  record(settlement: Settlement, retentionSeconds?: number): Promise<void>;
  setAside(body: string, reason: string): Promise<void>;
  /** Rows written since the start, alarms included: what Cloudflare bills. */
  rowsWritten(): number;
  /** Rows that will be deleted, which is billed like a write. */
  rowsKept(): number;
}

/** Where a log keeps everything: SQLite, or what a simulation puts in its place. */
export interface LogStorage {
  readonly store: LogStore;
  readonly laneStore: LaneStore;
  readonly archiveStore: ArchiveStore;
  readonly claimStore: ClaimStore;
  /** Absent where nobody reads them. */
  readonly deadLetterStore?: DeadLetterStore;
  /** All or nothing, as `Sql.transaction`. */
  transaction<Result>(work: () => Result): Result;
}

export interface LogOptions {
  readonly sql: Sql;
  readonly consume: QueueConsumer;
  readonly now: () => number;
  /**
   * Waits; with 0, just long enough for others who want to append to come in before the commit. May reject as soon as the
   * signal is aborted.
   */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Resolves when everything written so far is on disk. */
  readonly synced: () => Promise<void>;
  /** The platform lets no answer and no call out before that (a Durable Object's output gate): no need to wait. */
  readonly outputGate?: boolean;
  readonly pace?: LogPace;
  /** There is one alarm; a later call replaces the earlier. */
  readonly setAlarm: (at: number) => Promise<void>;
  readonly report: (message: string, error: unknown) => void;
}

const PURGE_EVERY_MS = 60_000;

/** A log that operators look into. */
export interface SqlLog extends Log {
  readonly history: HistoryStore;
}

export function createLog({ sql, ...options }: LogOptions): SqlLog {
  migrate(sql);
  const store = createLogStore(sql);
  let otherRowsWritten = 0;
  const counted: Pick<Sql, 'run'> = {
    run(statement, ...bindings) {
      const result = sql.run(statement, ...bindings);
      otherRowsWritten += result.rowsWritten;
      return result;
    },
  };
  const laneStore = createLaneStore(counted);
  const archiveStore = createArchiveStore(counted);
  const claimStore = createClaimStore(counted);
  const deadLetterStore = createDeadLetterStore(counted);
  const transaction: LogStorage['transaction'] = (work) => sql.transaction(work);
  const storage = { store, laneStore, archiveStore, claimStore, deadLetterStore, transaction };
  const log = createLogOn(storage, options);
  return { ...log, history: createHistoryStore(sql), rowsWritten: () => log.rowsWritten() + otherRowsWritten };
}

export function createLogOn(storage: LogStorage, options: Omit<LogOptions, 'sql'>): Log {
  const { now } = options;
  const { store, laneStore, archiveStore } = storage;
  let lastSequence = 0;
  const nextSequence = (): number => ++lastSequence;
  const books = createLogBooks({ storage, nextSequence, lastSequence: () => lastSequence, now });
  lastSequence = Math.max(
    store.lastSequence(),
    laneStore.lastSequence(),
    archiveStore.lastBatch(),
    books.lastSequence(),
  );
  const lanes = createLanes({ store: laneStore, nextSequence, now });
  const replays = createLogReplays({ store: archiveStore, laneStore, now });
  const pace = options.pace ?? workersPace;
  const deadLetters =
    storage.deadLetterStore &&
    createLogDeadLetters({ storage, books, lanes, nextSequence, now }, storage.deadLetterStore);
  const waits = createWaitBoxes(options);
  const drain = createDrain({ ...options, consume, storage, books, pace, lanes, replays, nextSequence, onSettled });
  const outside = createLogOutside({
    ...options,
    storage,
    books,
    lanes,
    replays,
    nextSequence,
    onRetry: (due) => drain.wake(due),
  });

  const retention = createLogRetention({ storage, books, now });
  const commit = createLogCommit({ ...options, storage, books, lanes, pace, nextSequence, onCommitted });

  /** The alarm that this instance has set; setting one costs a row. */
  let alarmAt = Number.POSITIVE_INFINITY;
  let alarms = 0;
  let draining: Promise<void> | undefined;
  let stopped = false;

  async function onCommitted(batches: readonly NewBatch[], hasLaned: boolean): Promise<void> {
    for (const { batch, messages } of batches) drain.add(batch, messages);
    if (hasLaned) drain.wake();
    if (batches.length > 0 || hasLaned) await wakeAt(now());
  }

  /** What has happened is told at once: it would be late by the settlement otherwise. */
  async function consume(...handed: Parameters<QueueConsumer>): Promise<Settlement> {
    const settlement = await options.consume(...handed);
    waits.put(settlement.outcomes?.filter(isFact) ?? []);
    return settlement;
  }

  /** Settlements are on disk soon, so that a crash repeats little; only publishers who wait for their end wait for it. */
  function onSettled(settlements: readonly Settlement[]): void {
    const told = settlements.flatMap(({ outcomes = [] }) => outcomes.filter((outcome) => !isFact(outcome)));
    if (told.length === 0) {
      if (options.outputGate !== true) commit.syncSoon();
      return;
    }
    const synced = options.outputGate === true ? Promise.resolve() : commit.sync();
    // Where it does not reach the disk, that was reported, and nobody is told.
    void synced.then(
      () => waits.put(told),
      () => undefined,
    );
  }

  /** Beside the drain, in small steps: under load there may be thousands of rows to delete each minute. */
  async function purge(): Promise<void> {
    while (!stopped && retention.purge()) await options.pause(0);
  }

  async function drainOnce(): Promise<void> {
    alarmAt = Number.POSITIVE_INFINITY;
    const results = await Promise.allSettled([drain.run(), purge()]);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      options.report('the log could not be drained; it is tried again in a second', result.reason);
      await options.pause(1_000);
    }
  }

  async function arm(at: number): Promise<void> {
    if (stopped || at >= alarmAt) return;
    alarmAt = at;
    alarms++;
    await options.setAlarm(at);
  }

  /** A drain that is under way sets its alarm when it ends. */
  async function wakeAt(at: number): Promise<void> {
    if (draining === undefined) await arm(at);
  }

  function requireRunning(): void {
    if (stopped) throw new TulleError('unavailable', 'the queue is being shut', { retryAfter: 1 });
  }

  /** When something has to happen next, if nobody appends. */
  function nextAlarm(): number {
    return Math.min(
      drain.hasWork() ? now() : Number.POSITIVE_INFINITY,
      store.nextRetryAt() ?? Number.POSITIVE_INFINITY,
      lanes.nextAt(),
      replays.nextAt(),
      Math.max(retention.nextAt(), now() + PURGE_EVERY_MS),
    );
  }

  return {
    async append(entries, retentionSeconds, archiveSeconds = 0) {
      requireRunning();
      retention.keepFor(retentionSeconds, archiveSeconds);
      if (entries.awaited !== undefined) waits.open(entries.awaited);
      return { duplicates: await commit.append(entries) };
    },
    async drain() {
      if (draining !== undefined || stopped) return;
      draining = drainOnce();
      await draining;
      draining = undefined;
      await arm(nextAlarm());
    },
    async stop() {
      stopped = true;
      waits.stop();
      drain.stop();
      await Promise.allSettled([commit.settled(), draining]);
      await commit.settled();
    },
    resume() {
      const at = nextAlarm();
      if (at < Number.POSITIVE_INFINITY)
        void arm(at).catch((error: unknown) => options.report('the alarm could not be set', error));
    },
    lanes: () => lanes.status(),
    books: () => books.read(),
    waits,
    listDeadLetters: (query) => deadLetters?.list(query) ?? { items: [] },
    getDeadLetter: (sequence) => deadLetters?.get(sequence),
    async redrive(sequences, order) {
      requireRunning();
      const outcome = deadLetters?.redrive(sequences, order) ?? { redriven: [], looked: sequences.length };
      // Before it is on disk: a drain that sees the row and is not told of it would set an alarm for at once, again and again.
      drain.wake(now());
      await commit.sync();
      await wakeAt(now());
      return outcome;
    },
    async deleteDeadLetters(sequences) {
      const deleted = deadLetters?.delete(sequences) ?? 0;
      await commit.sync();
      return deleted;
    },
    async startReplay(order, most) {
      requireRunning();
      const status = replays.start(order, most);
      if (status === undefined) return undefined;
      await commit.sync();
      drain.wake();
      await wakeAt(now());
      return status;
    },
    async cancelReplay(name) {
      const status = replays.cancel(name);
      await commit.sync();
      return status;
    },
    async deleteReplay(name) {
      const wasThere = replays.delete(name);
      await commit.sync();
      return wasThere;
    },
    getReplay: (name) => replays.get(name),
    listReplays: () => replays.list(),
    async record(settlement, retentionSeconds = retention.seconds()) {
      requireRunning();
      retention.keepFor(retentionSeconds);
      outside.record(settlement);
      await commit.sync();
      drain.wake();
      await wakeAt(nextAlarm());
    },
    async setAside(body, reason) {
      outside.setAside(body, reason);
      await commit.sync();
    },
    rowsWritten: () => store.rowsWritten() + alarms,
    rowsKept: () => store.rowsKept() + storage.claimStore.rowsKept(),
  };
}
