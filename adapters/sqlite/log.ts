import { TulleError } from '../../event/error.ts';
import type { DeadLetterEntry, DeadLetterPage, DeadLetterQuery } from '../../mesh/dead-letters/query.ts';
import type { RedriveOrder, RedriveOutcome } from '../../mesh/dead-letters/redrive.ts';
import { frame } from '../../mesh/frame.ts';
import type { ShardBooks } from '../../mesh/books.ts';
import type { LaneStatus } from '../../mesh/lane.ts';
import type { Appended, Entries, QueueConsumer, Settlement } from '../../mesh/ports.ts';
import { isFact } from '../../mesh/publish/outcome.ts';
import { createWaitBoxes, type WaitBoxes } from '../waits.ts';
import type { ReplayOrder, ReplayStatus } from '../../mesh/replay/replay.ts';
import { type ArchiveStore, createArchiveStore } from './archive-store.ts';
import { type ClaimStore, createClaimStore } from './claim-store.ts';
import { createDeadLetterStore, type DeadLetterStore } from './dead-letter-store.ts';
import { createHistoryStore, type HistoryStore } from './history-store.ts';
import { createLaneStore, type LaneStore } from './lane-store.ts';
import { take } from './log-claims.ts';
import { createDrain, type LogPace, workersPace } from './log-drain.ts';
import { createLogBooks } from './log-books.ts';
import { createLogDeadLetters } from './log-dead-letters.ts';
import { createLanes } from './log-lanes.ts';
import { createLogOutside } from './log-outside.ts';
import { createLogReplays } from './log-replays.ts';
import { migrate } from './log-migration.ts';
import { ROW_LENGTH, toRows, weigh } from './log-rows.ts';
import { createLogStore, type LogStore, type StoredBatch } from './log-store.ts';
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
  startReplay(order: ReplayOrder): Promise<ReplayStatus>;
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

/** UTF-16 units that may wait for a commit: past it the publisher is told to come back. */
const BUFFER_LENGTH = 16_000_000;
const PURGE_EVERY_MS = 60_000;
/** Rows that are deleted at a time: full ones are 500 KB, and others wait while a step takes its 10 ms. */
const PURGE_ROWS = 25;
/** Rows of claims that are deleted at a time; each is 100 bytes. */
const PURGE_CLAIMS = 500;
const DEFAULT_RETENTION_SECONDS = 86_400;
/** Dead letters stay 30 days, or as long as the bus keeps everything: somebody has to come and look. */
const DEAD_LETTER_SECONDS = 30 * 86_400;

interface NewBatch {
  readonly batch: StoredBatch;
  readonly messages: readonly string[];
  readonly isArchived: boolean;
}

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
  const { store, laneStore, archiveStore, claimStore } = storage;
  let lastSequence = 0;
  const nextSequence = (): number => ++lastSequence;
  const books = createLogBooks({ storage, nextSequence, lastSequence: () => lastSequence, now });
  lastSequence = Math.max(store.lastSequence(), laneStore.lastSequence(), archiveStore.lastBatch(), books.lastSequence);
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

  let retentionSeconds = store.setting('retention') ?? DEFAULT_RETENTION_SECONDS;
  let archiveSeconds = store.setting('archive') ?? 0;
  /** The alarm that this instance has set; setting one costs a row. */
  let alarmAt = Number.POSITIVE_INFINITY;
  let alarms = 0;
  let draining: Promise<void> | undefined;
  let stopped = false;
  let waiting: Entries[] = [];
  /** UTF-16 units in `waiting`. */
  let buffered = 0;
  let onDisk: Promise<void> = Promise.resolve();
  /** The earliest moment for another commit. */
  let commitGate: Promise<void> = Promise.resolve();
  let commit: ReturnType<typeof flush> | undefined;

  /** Answers an append each: the positions of its claims that were known. */
  async function flush(): Promise<readonly (readonly number[])[]> {
    // Whoever comes while a commit is under way shares the next one: the slower the disk, the larger the batches.
    await Promise.all([options.pause(0), onDisk, commitGate]);
    if (pace.commitEveryMs > 0) commitGate = options.pause(pace.commitEveryMs);
    const appends = waiting;
    const isOneRow = buffered <= ROW_LENGTH && appends.every(hasMessagesOnly);
    waiting = [];
    buffered = 0;
    commit = undefined;
    const { rows, laned, planned, duplicates } = isOneRow ? write(appends) : storage.transaction(() => write(appends));
    books.planned(planned);
    const synced = sync();
    if (options.outputGate !== true) await synced;
    for (const { batch, messages } of rows) drain.add(batch, messages);
    if (laned.length > 0) drain.wake();
    const isNothing = rows.length === 0 && laned.length === 0;
    if (draining === undefined && !isNothing) await arm(now());
    return duplicates;
  }

  function write(appends: readonly Entries[]) {
    const { messages, archived, laned, duplicates } = take(appends, claimStore, now());
    const rows = [...toBatches(messages, false), ...toBatches(archived, true)];
    let planned = laned.length === 0 ? 0 : lanes.insert(laned, now());
    for (const row of rows) {
      insert(row);
      planned += row.batch.deliveries;
    }
    return { rows, laned, planned, duplicates };
  }

  function toBatches(messages: readonly string[], isArchived: boolean): readonly NewBatch[] {
    return toRows(messages).map((part) => {
      const batch = { sequence: nextSequence(), at: now(), deliveries: weigh(part), body: frame(part) };
      return { batch, messages: part, isArchived };
    });
  }

  function insert({ batch, isArchived }: NewBatch): void {
    if (isArchived) archiveStore.insert(batch);
    else store.insertBatch(batch);
  }

  function sync(): Promise<void> {
    const synced = options.synced();
    const before = onDisk;
    // Syncs may end in another order than they began, but batches have to be handed out in the order of the log.
    onDisk = synced
      .catch((error: unknown) => options.report('a commit did not reach the disk', error))
      .then(() => before);
    return synced;
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
    const synced = options.outputGate === true ? Promise.resolve() : sync();
    // Where it does not reach the disk, that was reported, and nobody is told.
    void synced.then(
      () => waits.put(told),
      () => undefined,
    );
  }

  /** Beside the drain, in small steps: under load there may be thousands of rows to delete each minute. */
  async function purge(): Promise<void> {
    const before = now() - retentionSeconds * 1000;
    books.keep(before);
    const deadBefore = now() - Math.max(retentionSeconds, DEAD_LETTER_SECONDS) * 1000;
    const archivedBefore = now() - archivedMs();
    const isMore = (): boolean =>
      store.purge(before, PURGE_ROWS) ||
      store.purgeDeadLetters(deadBefore, PURGE_ROWS) ||
      archiveStore.purge(store.cursor(), archivedBefore, PURGE_ROWS) ||
      claimStore.purge(now(), PURGE_CLAIMS);
    while (!stopped && isMore()) await options.pause(0);
  }

  /** What is archived stays as long as all else at least. */
  function archivedMs(): number {
    return Math.max(retentionSeconds, archiveSeconds) * 1000;
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

  function keepFor(seconds: number): void {
    if (seconds === retentionSeconds) return;
    retentionSeconds = seconds;
    store.setSetting('retention', seconds);
  }

  async function arm(at: number): Promise<void> {
    if (stopped || at >= alarmAt) return;
    alarmAt = at;
    alarms++;
    await options.setAlarm(at);
  }

  /** When something has to happen next, if nobody appends. */
  function nextAlarm(): number {
    const oldest = store.oldestAt();
    const oldestArchived = archiveStore.oldestAt();
    const purgeAt = Math.min(
      oldest === undefined ? Number.POSITIVE_INFINITY : oldest + retentionSeconds * 1000,
      oldestArchived === undefined ? Number.POSITIVE_INFINITY : oldestArchived + archivedMs(),
      claimStore.nextAt() ?? Number.POSITIVE_INFINITY,
    );
    return Math.min(
      drain.hasBatches() ? now() : Number.POSITIVE_INFINITY,
      store.nextRetryAt() ?? Number.POSITIVE_INFINITY,
      lanes.nextAt(),
      replays.nextAt(),
      Math.max(purgeAt, now() + PURGE_EVERY_MS),
    );
  }

  return {
    async append(entries, retention, archive = 0) {
      if (stopped) throw new TulleError('unavailable', 'the queue is being shut', { retryAfter: 1 });
      const length = lengthOf(entries);
      if (buffered > 0 && buffered + length > BUFFER_LENGTH) {
        throw new TulleError('unavailable', 'the queue is taking in as much as it can', { retryAfter: 1 });
      }
      keepFor(retention);
      if (archive !== archiveSeconds) {
        archiveSeconds = archive;
        store.setSetting('archive', archive);
      }
      if (entries.awaited !== undefined) waits.open(entries.awaited);
      const place = waiting.push(entries) - 1;
      buffered += length;
      commit ??= flush();
      const duplicates = await commit;
      return { duplicates: duplicates[place] ?? [] };
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
      await Promise.allSettled([commit, draining]);
      await onDisk;
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
      if (stopped) throw new TulleError('unavailable', 'the queue is being shut', { retryAfter: 1 });
      const outcome = deadLetters?.redrive(sequences, order) ?? { redriven: [], looked: sequences.length };
      await sync();
      drain.wake(now());
      if (draining === undefined) await arm(now());
      return outcome;
    },
    async deleteDeadLetters(sequences) {
      const deleted = deadLetters?.delete(sequences) ?? 0;
      await sync();
      return deleted;
    },
    async startReplay(order) {
      if (stopped) throw new TulleError('unavailable', 'the queue is being shut', { retryAfter: 1 });
      const status = replays.start(order);
      await sync();
      drain.wake();
      if (draining === undefined) await arm(now());
      return status;
    },
    async cancelReplay(name) {
      const status = replays.cancel(name);
      await sync();
      return status;
    },
    async deleteReplay(name) {
      const wasThere = replays.delete(name);
      await sync();
      return wasThere;
    },
    getReplay: (name) => replays.get(name),
    listReplays: () => replays.list(),
    async record(settlement, retention = retentionSeconds) {
      if (stopped) throw new TulleError('unavailable', 'the queue is being shut', { retryAfter: 1 });
      keepFor(retention);
      outside.record(settlement);
      await sync();
      drain.wake();
      if (draining === undefined) await arm(nextAlarm());
    },
    async setAside(body, reason) {
      outside.setAside(body, reason);
      await sync();
    },
    rowsWritten: () => store.rowsWritten() + alarms,
    rowsKept: () => store.rowsKept() + claimStore.rowsKept(),
  };
}

function hasMessagesOnly({ archived = [], laned = [], claims }: Entries): boolean {
  return archived.length === 0 && laned.length === 0 && claims === undefined;
}

function lengthOf({ messages, archived = [], laned = [] }: Entries): number {
  const bodies = [...messages, ...archived, ...laned.map(({ body }) => body)];
  return bodies.reduce((sum, body) => sum + body.length, 0);
}
