import { unframe } from '../../mesh/frame.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { QueueConsumer, Settlement } from '../../mesh/ports.ts';
import type { LogStore, StoredBatch, StoredRetry } from './log-store.ts';
import type { Sql } from './sql.ts';

/** Reads on from the cursor with a window of jobs in flight, and settles what they answer. */
export interface Drain {
  /** Resolves when nothing is due, or after `DRAIN_MS` when the next alarm takes over. */
  run(): Promise<void>;
  /** New batches are there. */
  wake(): void;
  hasBatches(): boolean;
}

export interface DrainOptions {
  readonly sql: Sql;
  readonly store: LogStore;
  readonly consume: QueueConsumer;
  nextSequence(): number;
  now(): number;
  pause(milliseconds: number): Promise<void>;
  report(message: string, error: unknown): void;
}

/** Jobs with the dispatcher at a time; a crash repeats at most these. */
const WINDOW = 8;
/** Of them, so many for retries: a broken target must not keep new events waiting. */
const RETRY_WINDOW = 4;
/** An alarm may run for 15 minutes on Workers; requests that wait for its end should not. */
const DRAIN_MS = 60_000;
/** How often the retries are looked at while jobs are out. */
const POLL_MS = 1_000;
/** So many failures of our own code on one message, over about a day and a half, set it aside. */
const MAX_FAILURES = 40;
const MAX_FAILURE_DELAY_MS = 3_600_000;

type Job =
  | { readonly kind: 'batch'; readonly row: StoredBatch }
  | { readonly kind: 'retry'; readonly row: StoredRetry };

type Outcome =
  | { readonly job: Job; readonly settlement: Settlement }
  | { readonly job: Job; readonly failed: readonly string[]; readonly reason: string };

export function createDrain(options: DrainOptions): Drain {
  const { sql, store, now, nextSequence } = options;
  let cursor = store.cursor();
  /** Batches that were handed out and that the cursor has not passed, in order. */
  const out: number[] = [];
  const settledBatches = new Set<number>();
  const retriesOut = new Set<number>();
  let signal = createSignal();
  let polling = false;

  const position = (): number => out.at(-1) ?? cursor;

  function nextJobs(count: number): Job[] {
    if (count <= 0) return [];
    const retries = store
      .dueRetries(now(), RETRY_WINDOW)
      .filter((row) => !retriesOut.has(row.sequence))
      .slice(0, Math.min(count, RETRY_WINDOW - retriesOut.size))
      .map((row): Job => ({ kind: 'retry', row }));
    const batches = store.batchesAfter(position(), count - retries.length).map((row): Job => ({ kind: 'batch', row }));
    for (const { row } of retries) retriesOut.add(row.sequence);
    for (const { row } of batches) out.push(row.sequence);
    return [...retries, ...batches];
  }

  async function perform(job: Job): Promise<Outcome> {
    let messages = [job.row.body];
    try {
      if (job.kind === 'batch') messages = unframe(job.row.body);
      return { job, settlement: await options.consume(messages) };
    } catch (error) {
      options.report('a batch could not be dispatched; it will be tried again', error);
      return { job, failed: messages, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Several outcomes in one transaction: one row of history, one of the cursor. */
  function settle(outcomes: readonly Outcome[]): void {
    for (const { job } of outcomes) if (job.kind === 'batch') settledBatches.add(job.row.sequence);
    const passed = out.findIndex((sequence) => !settledBatches.has(sequence));
    const done = out.slice(0, passed < 0 ? out.length : passed);
    sql.transaction(() => {
      const records: LedgerRecord[] = [];
      for (const outcome of outcomes) {
        if (outcome.job.kind === 'retry') store.deleteRetry(outcome.job.row);
        if ('settlement' in outcome) write(outcome.settlement, records);
        else for (const body of outcome.failed) repeat(outcome, body);
      }
      if (records.length > 0) store.insertRecords(nextSequence(), now(), records);
      const reached = done.at(-1);
      if (reached !== undefined) store.setSetting('cursor', reached);
    });
    cursor = done.at(-1) ?? cursor;
    out.splice(0, done.length);
    for (const sequence of done) settledBatches.delete(sequence);
    for (const { job } of outcomes) if (job.kind === 'retry') retriesOut.delete(job.row.sequence);
  }

  function write(settlement: Settlement, records: LedgerRecord[]): void {
    for (const { body, delayMs } of settlement.retries) {
      store.insertRetry({ due: now() + Math.round(delayMs), sequence: nextSequence(), failures: 0, body });
    }
    for (const record of settlement.records) {
      const { event, ...rest } = record;
      if (event !== undefined) store.insertDeadLetter(nextSequence(), record);
      records.push(rest);
    }
  }

  /** Our own failure, not the target's: every message alone, later, so that one bad message stops nothing else. */
  function repeat(outcome: Extract<Outcome, { reason: string }>, body: string): void {
    const failures = (outcome.job.kind === 'retry' ? outcome.job.row.failures : 0) + 1;
    if (failures > MAX_FAILURES) store.quarantine(nextSequence(), now(), body, outcome.reason);
    else {
      const delay = Math.min(1000 * 2 ** (failures - 1), MAX_FAILURE_DELAY_MS);
      store.insertRetry({ due: now() + delay, sequence: nextSequence(), failures, body });
    }
  }

  /** What was not settled is handed out again. */
  function forget(): void {
    cursor = store.cursor();
    out.length = 0;
    settledBatches.clear();
    retriesOut.clear();
  }

  /** Retries fall due while jobs are out; one timer at a time. */
  function pollLater(): void {
    if (polling) return;
    polling = true;
    void options.pause(POLL_MS).then(() => {
      polling = false;
      signal.ring();
    });
  }

  return {
    async run() {
      const stopAt = now() + DRAIN_MS;
      const outcomes: Outcome[] = [];
      let jobsOut = 0;
      let failure: unknown;
      for (;;) {
        try {
          settle(outcomes.splice(0));
        } catch (error) {
          failure ??= error;
        }
        signal = createSignal();
        const stopped = failure !== undefined || now() >= stopAt;
        for (const job of stopped ? [] : nextJobs(WINDOW - jobsOut)) {
          jobsOut++;
          void perform(job).then((outcome) => {
            jobsOut--;
            outcomes.push(outcome);
            signal.ring();
          });
        }
        if (jobsOut === 0 && outcomes.length === 0) break;
        pollLater();
        await signal.rung;
      }
      if (failure === undefined) return;
      forget();
      throw failure;
    },
    wake: () => signal.ring(),
    hasBatches: () => store.batchesAfter(position(), 1).length > 0,
  };
}

function createSignal(): { readonly rung: Promise<void>; ring(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { rung: promise, ring: resolve };
}
