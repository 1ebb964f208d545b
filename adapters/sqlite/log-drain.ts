import { deliveriesOf } from '../../mesh/envelope.ts';
import type { QueueConsumer, Task } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { joinBatches } from './archive-store.ts';
import { createCrew, createSignal, PATIENCE_MS } from './crew.ts';
import { createBacklog } from './log-backlog.ts';
import type { LogBooks } from './log-books.ts';
import type { Lanes } from './log-lanes.ts';
import type { LogReplays } from './log-replays.ts';
import { createSettlement, type Job, type Outcome } from './log-settlement.ts';
import type { LogStorage } from './log.ts';
import type { StoredBatch } from './log-store.ts';

/** Reads on from the cursor with a window of jobs in flight, and settles what they answer. */
export interface Drain {
  /** Resolves when nothing is due, or when the next alarm has to take over: after `DRAIN_MS`, or so many calls. */
  run(): Promise<void>;
  /** Tells of a batch that was just stored. */
  add(batch: StoredBatch, messages: readonly string[]): void;
  /** Tells that a lane or, from `retryAt` on, a retry has something to do. */
  wake(retryAt?: number): void;
  /** There are batches to hand out, or jobs that nobody waits for. */
  hasWork(): boolean;
  /** Nothing is handed out any more; `run` resolves when what is out is settled. */
  stop(): void;
}

/** How a log spends commits and jobs: what is dear differs between platforms. */
export interface LogPace {
  /** A commit follows the last one after this at least: under load more events share it. */
  readonly commitEveryMs: number;
  /**
   * And after 0.15 ms for each append that shared the last one, up to this. That is about as long as the process needs for
   * them anyway: their number grows until all who publish at a time share a commit, and nobody waits longer for it.
   */
  readonly busyCommitMs: number;
  /** Jobs with the dispatcher at a time; a crash repeats at most these and what waits for its settlement. */
  readonly window: number;
  /** Of them, so many for retries: a broken target must not keep new events waiting. */
  readonly retryWindow: number;
  /**
   * A job is followed by the next one after a millisecond for each of its messages, up to this: above 1,000 messages
   * a second they gather into large jobs, below it nobody waits to speak of.
   */
  readonly startEveryMs: number;
  /** Outcomes are written together this often at most: a settlement is two rows. */
  readonly settleEveryMs: number;
  /** A job makes room for others after this and 2 ms for each of its deliveries, or after a fifth of a second. */
  readonly patienceMs: number;
  /** Jobs that one `run` hands out, at most. */
  readonly callsPerRun?: number;
}

/** On Workers a job is a call that costs as much as 15 to 20 events, and rows are billed. */
export const workersPace: LogPace = {
  commitEveryMs: 0,
  busyCommitMs: 0,
  window: 8,
  retryWindow: 4,
  startEveryMs: 50,
  settleEveryMs: 50,
  patienceMs: PATIENCE_MS,
  // Cloudflare lets one event, such as an alarm, lead to 32 calls of Workers; a dispatch may make some of its own.
  callsPerRun: 24,
};

export interface DrainOptions {
  readonly storage: Pick<LogStorage, 'store' | 'archiveStore'>;
  readonly books: LogBooks;
  readonly lanes: Lanes;
  readonly replays: LogReplays;
  readonly consume: QueueConsumer;
  readonly nextSequence: () => number;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly report: (message: string, error: unknown) => void;
  readonly pace: LogPace;
  /** Told what was written. */
  readonly onSettled: (settlements: readonly Settlement[]) => void;
}

/** Turns of lanes at a time, beside the jobs. */
const TURN_WINDOW = 32;
/** How often retries, lanes and what is slow are looked at while jobs are out. */
const POLL_MS = 200;
/** An alarm may run for 15 minutes on Workers; requests that wait for its end should not. */
const DRAIN_MS = 60_000;

export function createDrain(options: DrainOptions): Drain {
  const { lanes, replays, now, pace } = options;
  const { store, archiveStore } = options.storage;
  const write = createSettlement({ ...options, onRetry: (due) => (retryAt = Math.min(retryAt, due)) });
  const backlog = createBacklog(joinBatches(store, archiveStore), () => options.books.ahead());
  const retriesOut = new Set<number>();
  /** What came back, and is not settled yet. It may come between two runs, like those that are out. */
  const outcomes: Outcome[] = [];
  const jobs = createCrew<Job>();
  /** Those of the jobs that are retries: a broken target does not keep those of others waiting either. */
  const retries = createCrew<Job>();
  const turns = createCrew<Job>();
  /** No retry is due before this: saves a look at the table on every turn. */
  let retryAt = 0;
  let stopped = false;
  let signal = createSignal();
  const startGate = createGate();
  const settleGate = createGate();
  const pollGate = createGate();
  const roomGate = createGate();

  function takeRetries(count: number): Job[] {
    if (count <= 0 || now() < retryAt) return [];
    const rows = store.dueRetries(now(), pace.retryWindow + retriesOut.size);
    const jobs = rows
      .filter((row) => !retriesOut.has(row.sequence))
      .slice(0, count)
      .map((row): Job => ({ batches: [], retry: row, messages: [row.body] }));
    for (const { retry } of jobs) if (retry !== undefined) retriesOut.add(retry.sequence);
    if (rows.length === 0) retryAt = store.nextRetryAt() ?? Number.POSITIVE_INFINITY;
    return jobs;
  }

  async function perform(job: Job): Promise<Outcome> {
    try {
      return { job, settlement: await options.consume(job.messages, ...toTask(job)) };
    } catch (error) {
      options.report('a batch could not be dispatched; it will be tried again', error);
      return { job, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  function settle(outcomes: readonly Outcome[]): void {
    for (const { job } of outcomes) backlog.settle(job.batches);
    write(outcomes, backlog.progress());
    options.onSettled(outcomes.flatMap((outcome) => ('settlement' in outcome ? [outcome.settlement] : [])));
    backlog.advance();
    for (const { job } of outcomes) if (job.retry !== undefined) retriesOut.delete(job.retry.sequence);
  }

  /** What was not settled is handed out again. */
  function startOver(): void {
    backlog.startOver();
    lanes.startOver();
    replays.startOver();
    retriesOut.clear();
    retryAt = 0;
  }

  /** A door that stays shut for a while after each use. By timer, since clocks may stand still between turns. */
  function createGate(): { isOpen(): boolean; close(milliseconds: number): void } {
    let open = true;
    return {
      isOpen: () => open,
      close(milliseconds) {
        if (!open || milliseconds === 0) return;
        open = false;
        void options.pause(milliseconds).then(() => {
          open = true;
          signal.ring();
        });
      },
    };
  }

  return {
    async run() {
      const stopAt = now() + DRAIN_MS;
      let calls = pace.callsPerRun ?? Number.POSITIVE_INFINITY;
      let failure: unknown;

      function start(job: Job): void {
        calls -= 1;
        const crew = job.turn === undefined && job.replay === undefined ? jobs : turns;
        const deliveries = job.messages.reduce((sum, message) => sum + deliveriesOf(message), 0);
        const patience = Math.min(PATIENCE_MS, pace.patienceMs + 2 * deliveries);
        crew.begin(job, now(), patience);
        if (job.retry !== undefined) retries.begin(job, now(), patience);
        void perform(job).then((outcome) => {
          crew.end(job);
          retries.end(job);
          outcomes.push(outcome);
          signal.ring();
        });
      }

      for (;;) {
        signal = createSignal();
        // After a failure nothing is settled any more: the cursor must not pass what was not written.
        if (failure !== undefined) outcomes.length = 0;
        else if (outcomes.length > 0 && settleGate.isOpen()) {
          settleGate.close(pace.settleEveryMs);
          try {
            settle(outcomes.splice(0));
          } catch (error) {
            failure = error;
          }
        }
        const going = !stopped && failure === undefined && now() < stopAt;
        if (going) {
          const room = Math.min(jobs.room(pace.window, now()), calls);
          const retriesAtOnce = Math.min(room, retries.room(pace.retryWindow, now()));
          const due = takeRetries(retriesAtOnce);
          for (const job of due) start(job);
          // Their deliveries are retries, and those that wait come first.
          for (const replay of replays.take(retriesAtOnce - due.length)) {
            start({ batches: [], replay, messages: replay.messages });
          }
          for (const turn of lanes.take(Math.min(turns.room(TURN_WINDOW, now()), calls))) {
            start({ batches: [], turn, messages: turn.messages });
          }
          while (jobs.room(pace.window, now()) > 0 && calls > 0 && startGate.isOpen()) {
            const job = backlog.take();
            if (job === undefined) break;
            startGate.close(Math.min(job.messages.length, pace.startEveryMs));
            start(job);
          }
        }
        // What is out is left to the next run: it may hang.
        if (going && failure === undefined && calls <= 0) break;
        const out = jobs.size() + turns.size();
        if (outcomes.length === 0 && out === 0 && !(going && backlog.hasMore())) break;
        pollGate.close(POLL_MS);
        if (going && backlog.hasMore()) roomGate.close(pace.patienceMs);
        await signal.rung;
      }
      if (failure === undefined) return;
      startOver();
      throw failure;
    },
    add(batch, messages) {
      backlog.add(batch, messages);
      signal.ring();
    },
    wake(at = Number.POSITIVE_INFINITY) {
      retryAt = Math.min(retryAt, at);
      signal.ring();
    },
    hasWork: () => backlog.hasMore() || outcomes.length > 0 || jobs.size() + turns.size() > 0,
    stop() {
      stopped = true;
      signal.ring();
    },
  };
}

function toTask({ turn, replay }: Job): [Task] | [] {
  if (turn !== undefined) {
    const { lane, probe, share } = turn;
    return [{ lane, probe, ...(share === undefined ? {} : { share }) }];
  }
  return replay === undefined ? [] : [{ replay: replay.replay, skip: replay.skip }];
}
