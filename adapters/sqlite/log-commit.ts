import { TulleError } from '../../event/error.ts';
import { frame } from '../../mesh/frame.ts';
import type { Entries } from '../../mesh/ports/queue.ts';
import type { LogBooks } from './log-books.ts';
import { take } from './log-claims.ts';
import type { LogPace } from './log-drain.ts';
import type { Lanes } from './log-lanes.ts';
import { ROW_LENGTH, toRows, weigh } from './log-rows.ts';
import type { LogOptions, LogStorage } from './log.ts';
import type { StoredBatch } from './log-store.ts';

/** Group commit: whoever appends while others are being written shares the next write. */
export interface LogCommit {
  /**
   * Resolves, when everything is on disk, with the positions of its claims that were known.
   * @throws TulleError `unavailable` when too much waits
   */
  append(entries: Entries): Promise<readonly number[]>;
  /** Resolves when what was written so far is on disk. */
  sync(): Promise<void>;
  /** Within a moment it is: a commit that comes first syncs for both, so that no append waits for another sync. */
  syncSoon(): void;
  /** Resolves when nothing is being written. */
  settled(): Promise<void>;
}

export interface LogCommitOptions extends Pick<LogOptions, 'now' | 'pause' | 'synced' | 'outputGate' | 'report'> {
  readonly storage: LogStorage;
  readonly books: LogBooks;
  readonly lanes: Lanes;
  readonly pace: LogPace;
  readonly nextSequence: () => number;
  /** Told of what is on disk now. */
  readonly onCommitted: (batches: readonly NewBatch[], hasLaned: boolean) => Promise<void>;
}

export interface NewBatch {
  readonly batch: StoredBatch;
  readonly messages: readonly string[];
  readonly isArchived: boolean;
}

/** UTF-16 units that may wait for a commit: past it the publisher is told to come back. */
const BUFFER_LENGTH = 16_000_000;
/** See `LogPace.busyCommitMs`. */
const APPEND_MS = 0.15;
/** How long `syncSoon` waits for a commit. */
const SOON_MS = 50;

export function createLogCommit(options: LogCommitOptions): LogCommit {
  const { storage, books, lanes, pace, nextSequence, now } = options;
  let waiting: Entries[] = [];
  /** UTF-16 units in `waiting`. */
  let buffered = 0;
  let onDisk: Promise<void> = Promise.resolve();
  /** The earliest moment for another commit. */
  let gate: Promise<void> = Promise.resolve();
  let commit: ReturnType<typeof flush> | undefined;
  /** What was written has to be synced, and nothing does it yet. */
  let isUnsynced = false;
  let isSyncDue = false;

  /** Answers an append each. */
  async function flush(): Promise<readonly (readonly number[])[]> {
    // Whoever comes while a commit is under way shares the next one: the slower the disk, the larger the batches.
    await Promise.all([options.pause(0), onDisk, gate]);
    const appends = waiting;
    const gateMs = Math.max(pace.commitEveryMs, Math.min(pace.busyCommitMs, Math.round(appends.length * APPEND_MS)));
    if (gateMs > 0) gate = options.pause(gateMs);
    const isOneRow = buffered <= ROW_LENGTH && appends.every(hasMessagesOnly);
    waiting = [];
    buffered = 0;
    commit = undefined;
    const { rows, hasLaned, planned, duplicates } = isOneRow
      ? write(appends)
      : storage.transaction(() => write(appends));
    books.planned(planned);
    const synced = sync();
    if (options.outputGate !== true) await synced;
    await options.onCommitted(rows, hasLaned);
    return duplicates;
  }

  function write(appends: readonly Entries[]) {
    const { messages, archived, laned, duplicates } = take(appends, storage.claimStore, now());
    const rows = [...toBatches(messages, false), ...toBatches(archived, true)];
    let planned = laned.length === 0 ? 0 : lanes.insert(laned, now());
    for (const row of rows) {
      insert(row);
      planned += row.batch.deliveries;
    }
    return { rows, hasLaned: laned.length > 0, planned, duplicates };
  }

  function toBatches(messages: readonly string[], isArchived: boolean): readonly NewBatch[] {
    return toRows(messages).map((part) => {
      const batch = { sequence: nextSequence(), at: now(), deliveries: weigh(part), body: frame(part) };
      return { batch, messages: part, isArchived };
    });
  }

  function insert({ batch, isArchived }: NewBatch): void {
    if (isArchived) storage.archiveStore.insert(batch);
    else storage.store.insertBatch(batch);
  }

  function sync(): Promise<void> {
    isUnsynced = false;
    const synced = options.synced();
    const before = onDisk;
    // Syncs may end in another order than they began, but batches have to be handed out in the order of the log.
    onDisk = synced
      .catch((error: unknown) => options.report('a commit did not reach the disk', error))
      .then(() => before);
    return synced;
  }

  /** What goes wrong is reported by `sync`. */
  async function syncRest(): Promise<void> {
    if (isUnsynced) await Promise.allSettled([sync()]);
  }

  async function syncLate(): Promise<void> {
    await options.pause(SOON_MS);
    isSyncDue = false;
    await syncRest();
  }

  return {
    sync,
    syncSoon() {
      isUnsynced = true;
      if (isSyncDue) return;
      isSyncDue = true;
      void syncLate();
    },
    async append(entries) {
      const length = lengthOf(entries);
      if (buffered > 0 && buffered + length > BUFFER_LENGTH) {
        throw new TulleError('unavailable', 'the queue is taking in as much as it can', { retryAfter: 1 });
      }
      const place = waiting.push(entries) - 1;
      buffered += length;
      commit ??= flush();
      const duplicates = await commit;
      return duplicates[place] ?? [];
    },
    async settled() {
      await Promise.allSettled([commit]);
      await syncRest();
      await onDisk;
    },
  };
}

function hasMessagesOnly({ archived = [], laned = [], claims }: Entries): boolean {
  return archived.length === 0 && laned.length === 0 && claims === undefined;
}

function lengthOf({ messages, archived = [], laned = [] }: Entries): number {
  const bodies = [...messages, ...archived, ...laned.map(({ body }) => body)];
  return bodies.reduce((sum, body) => sum + body.length, 0);
}
