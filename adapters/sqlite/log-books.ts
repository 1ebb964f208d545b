import {
  type Ends,
  noTotals,
  pendingOf,
  type ShardBooks,
  type Tally,
  together,
  type Totals,
} from '../../mesh/books.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import { joinBatches } from './archive-store.ts';
import type { Progress, Range } from './log-backlog.ts';
import { toRecordRows } from './log-rows.ts';
import type { LogStorage } from './log.ts';

/**
 * The books of a log: counters that change in the transaction that changes the queue, and in a row that it writes anyway.
 * That is the cursor's, or, where the cursor stays and there is history to write, the last row of history. What appends
 * brought is in the columns of their own rows until the next entry takes it over; `sequence` says which rows those are.
 */
export interface LogBooks {
  /** The highest number that was given away when they were written last. */
  lastSequence(): number;
  /** Batches after the cursor that are settled: a restart does not hand them out again. */
  ahead(): readonly Range[];
  /** An append brought so many, and they are stored. */
  planned(deliveries: number): void;
  /** One transaction: what `work` does to the queue, the history, and the books. */
  transaction<Result>(work: (page: Page) => Result): Result;
  /** To be called before history from before that time is deleted: it may be where the books are. */
  keep(before: number): void;
  read(): ShardBooks;
}

/** What a transaction has to say. */
export interface Page {
  plan(deliveries: number): void;
  end(tally: Tally): void;
  setAside(deliveries: number): void;
  record(records: readonly LedgerRecord[]): void;
  settle(progress: Progress): void;
  /** What waits in lanes has changed. */
  touch(): void;
}

interface State extends Totals {
  /** Of rows up to this number everything is in `planned`. */
  readonly sequence: number;
  readonly ahead: readonly Range[];
  readonly targets: Readonly<Record<string, Ends>>;
}

/** So many targets have ends of their own: names that are not used any more stay. */
const TARGETS = 100;
/** UTF-16 units that a row of history may have more for the books; else they cost a row of their own. */
const RIDE_LENGTH = 1_000;
/** Rows of each kind that one request counts. */
const COUNT_ROWS = 10_000;
const ALL_ROWS = Number.MAX_SAFE_INTEGER;

const empty: State = { ...noTotals, sequence: 0, ahead: [], targets: {} };

export function createLogBooks(options: {
  readonly storage: Pick<LogStorage, 'store' | 'laneStore' | 'archiveStore' | 'transaction'>;
  readonly nextSequence: () => number;
  readonly lastSequence: () => number;
  readonly now: () => number;
}): LogBooks {
  const { storage, nextSequence, lastSequence, now } = options;
  const { store, laneStore, archiveStore } = storage;
  const batches = joinBatches(store, archiveStore);
  let cursor = store.cursor();
  /** When they were written into a row of history, if they were. */
  let rideAt: number | undefined;
  let state = open();

  function open(): State {
    const base = store.booksOfCursor();
    const known = base === undefined ? empty : (JSON.parse(base) as State);
    const ride = store.booksOfRecords(known.sequence);
    if (ride !== undefined) rideAt = ride.at;
    const last = ride === undefined ? known : (JSON.parse(ride.books) as State);
    const added =
      batches.countBatches(Math.max(last.sequence, cursor), ALL_ROWS, ALL_ROWS).deliveries +
      laneStore.countDeliveries(last.sequence, ALL_ROWS).deliveries;
    // Retries come from entries, unless the log is older than its books.
    const before = last === empty ? store.countRetries(ALL_ROWS).deliveries : 0;
    return { ...last, planned: last.planned + added + before };
  }

  function write(next: State, records: readonly LedgerRecord[], isMoved: boolean): void {
    const rows = toRecordRows(records);
    const sequences = rows.map(nextSequence);
    const text = JSON.stringify({ ...next, sequence: lastSequence() });
    const last = !isMoved && text.length <= RIDE_LENGTH ? sequences.at(-1) : undefined;
    for (const [index, body] of rows.entries()) {
      const sequence = sequences[index] ?? 0;
      store.insertRecords(sequence, now(), body, sequence === last ? text : undefined);
    }
    if (last === undefined) store.setPosition(cursor, text);
    rideAt = last === undefined ? undefined : now();
  }

  return {
    lastSequence: () => state.sequence,
    ahead: () => state.ahead,
    planned(deliveries) {
      state = { ...state, planned: state.planned + deliveries };
    },
    transaction(work) {
      const before = { cursor, rideAt };
      let written: State | undefined;
      try {
        const result = storage.transaction(() => {
          cursor = before.cursor;
          const page = createPage(state);
          const answer = work(page);
          const { next, records, cursor: moved } = page.close();
          cursor = moved ?? cursor;
          if (next !== state) write(next, records, moved !== undefined);
          else for (const body of toRecordRows(records)) store.insertRecords(nextSequence(), now(), body);
          written = next;
          return answer;
        });
        if (written !== undefined) state = written;
        return result;
      } catch (error) {
        ({ cursor, rideAt } = before);
        throw error;
      }
    },
    keep(before) {
      if (rideAt === undefined || rideAt >= before) return;
      store.setPosition(cursor, JSON.stringify({ ...state, sequence: lastSequence() }));
      rideAt = undefined;
    },
    read() {
      const { sequence: _sequence, ahead, ...books } = state;
      const counts = [
        batches.countBatches(cursor, ALL_ROWS, COUNT_ROWS),
        store.countRetries(COUNT_ROWS),
        laneStore.countDeliveries(0, COUNT_ROWS),
      ];
      const settled = ahead.map(([first, last]) => batches.countBatches(first - 1, last, COUNT_ROWS));
      const isAll = [...counts, ...settled].every(({ rows }) => rows < COUNT_ROWS);
      const counted = sum(counts) - sum(settled);
      return { ...books, pending: pendingOf(books), ...(isAll ? { counted } : {}) };
    },
  };
}

function createPage(state: State): Page & {
  close(): { readonly next: State; readonly records: readonly LedgerRecord[]; readonly cursor: number | undefined };
} {
  let next = state;
  let records: readonly LedgerRecord[] = [];
  let cursor: number | undefined;

  return {
    plan(deliveries) {
      if (deliveries !== 0) next = { ...next, planned: next.planned + deliveries };
    },
    end({ added, ended }) {
      this.plan(added);
      for (const [target, ends] of Object.entries(ended)) {
        const hasRoom = next.targets[target] !== undefined || Object.keys(next.targets).length < TARGETS;
        const known = next.targets[target] ?? {};
        const targets = hasRoom ? { ...next.targets, [target]: { ...known, ...together(known, ends) } } : next.targets;
        next = { ...next, ...together(next, ends), targets };
      }
    },
    setAside(deliveries) {
      next = { ...next, quarantined: next.quarantined + deliveries };
    },
    record(more) {
      records = records.length === 0 ? more : [...records, ...more];
    },
    settle(progress) {
      ({ cursor } = progress);
      const { ahead } = progress;
      if (cursor !== undefined || !isSame(ahead, next.ahead)) next = { ...next, ahead };
    },
    touch() {
      next = { ...next };
    },
    close: () => ({ next, records, cursor }),
  };
}

function isSame(one: readonly Range[], other: readonly Range[]): boolean {
  return (
    one.length === other.length && one.every((range, at) => range.every((value, end) => value === other[at]?.[end]))
  );
}

function sum(counts: readonly { readonly deliveries: number }[]): number {
  return counts.reduce((total, { deliveries }) => total + deliveries, 0);
}
