import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { LaneMessage } from '../../mesh/lane.ts';
import type { Settlement, TurnOutcome } from '../../mesh/ports/settlement.ts';
import type { ReplayOutcome } from '../../mesh/replay/replay.ts';
import type { Progress } from './log-backlog.ts';
import type { LogBooks, Page } from './log-books.ts';
import type { LaneJob, Lanes } from './log-lanes.ts';
import type { LogReplays } from './log-replays.ts';
import type { ReplayJob } from './replay-turn.ts';
import { weigh } from './log-rows.ts';
import type { LogStorage } from './log.ts';
import type { StoredRetry } from './log-store.ts';

/** What is with the dispatcher: batches, one retry, or the turn of a lane or a replay. */
export interface Job {
  /** Batches that this job brings to an end. */
  readonly batches: readonly number[];
  /** The retry that this job is. */
  readonly retry?: StoredRetry;
  readonly turn?: LaneJob;
  readonly replay?: ReplayJob;
  readonly messages: readonly string[];
}

/** What became of a job; with `reason` our own code failed, and nothing is known of its messages. */
export type Outcome = { readonly job: Job } & ({ readonly settlement: Settlement } | { readonly reason: string });

export interface SettlementOptions {
  readonly storage: Pick<LogStorage, 'store'>;
  readonly books: LogBooks;
  readonly lanes: Lanes;
  readonly replays: LogReplays;
  readonly nextSequence: () => number;
  readonly now: () => number;
  /** Told of every retry that is stored. */
  readonly onRetry: (due: number) => void;
  readonly report: (message: string, error: unknown) => void;
}

/** So many failures of our own code on one message, over about a day and a half, set it aside. */
export const MAX_FAILURES = 40;
const MAX_FAILURE_DELAY_MS = 3_600_000;

/**
 * Writes several outcomes, and the cursor where it moves, in one transaction: one row of history, one of the cursor, and in
 * one of them the books.
 */
export function createSettlement(
  options: SettlementOptions,
): (outcomes: readonly Outcome[], progress: Progress) => void {
  const { storage, books, lanes, replays, nextSequence, now, onRetry, report } = options;
  const { store } = storage;

  function write(settlement: Settlement, page: Page): void {
    const records: LedgerRecord[] = [];
    const laned = new Map<number, LaneMessage[]>();
    for (const { body, delayMs, lane } of settlement.retries) {
      const delay = Math.round(delayMs);
      if (lane === undefined) insertRetry(delay, 0, body);
      else laned.set(delay, [...(laned.get(delay) ?? []), { lane, body }]);
    }
    for (const [delay, messages] of laned) lanes.insert(messages, now() + delay);
    for (const { target, waitMs } of settlement.throttled ?? []) lanes.throttle(target, waitMs);
    for (const record of settlement.records) {
      const { event, ...rest } = record;
      if (event !== undefined) store.insertDeadLetter(nextSequence(), rest, event);
      records.push(rest);
    }
    page.record(records);
    if (laned.size > 0) page.touch();
    if (settlement.tally !== undefined) page.end(settlement.tally);
  }

  /** Our own failure, not the target's: every message alone, later, so that one bad message stops nothing else. */
  function repeat(job: Job, body: string, reason: string, page: Page): void {
    const failures = (job.retry?.failures ?? 0) + 1;
    if (failures > MAX_FAILURES) setAside(body, reason, page);
    else insertRetry(delayAfter(failures), failures, body);
  }

  function failTurn(turn: LaneJob, reason: string, page: Page): void {
    const failures = turn.failures + 1;
    const [first] = turn.messages;
    if (failures <= MAX_FAILURES || first === undefined) {
      lanes.fail(turn, delayAfter(failures));
      return;
    }
    setAside(first, reason, page);
    lanes.settle(turn, { taken: 1, remains: [], delayMs: 0, ok: 0, failed: 0, gaveUp: false });
  }

  function failReplay(replay: ReplayJob, reason: string): void {
    const failures = replay.failures + 1;
    replays.fail(replay, reason, failures > MAX_FAILURES ? undefined : delayAfter(failures));
  }

  function setAside(body: string, reason: string, page: Page): void {
    page.setAside(weigh([body]));
    store.quarantine(nextSequence(), now(), body, reason);
    report('a message was set aside: it could not be dispatched for more than a day', reason);
  }

  function insertRetry(delayMs: number, failures: number, body: string): void {
    const due = now() + delayMs;
    store.insertRetry({ due, sequence: nextSequence(), failures, deliveries: weigh([body]), body });
    onRetry(due);
  }

  return (outcomes, progress) => {
    books.transaction((page) => {
      for (const outcome of outcomes) {
        if (outcome.job.retry !== undefined) store.deleteRetry(outcome.job.retry);
        const { turn, replay } = outcome.job;
        if (replay !== undefined && !('settlement' in outcome)) failReplay(replay, outcome.reason);
        else if (replay !== undefined && !replays.isGoing(replay)) replays.settle(replay, nothingTaken);
        else if ('settlement' in outcome) {
          write(outcome.settlement, page);
          if (turn !== undefined) lanes.settle(turn, outcome.settlement.turn ?? allTaken(turn));
          if (replay !== undefined) {
            replays.settle(replay, outcome.settlement.replay ?? nothingTaken);
            // What a replay was handed is in the books already; what it makes of it is planned anew.
            page.plan(weigh(outcome.settlement.retries.map(({ body }) => body)));
          }
        } else if (turn !== undefined) failTurn(turn, outcome.reason, page);
        else for (const body of outcome.job.messages) repeat(outcome.job, body, outcome.reason, page);
        if (turn !== undefined) page.touch();
      }
      page.settle(progress);
    });
  };
}

export function delayAfter(failures: number): number {
  return Math.min(1000 * 2 ** (failures - 1), MAX_FAILURE_DELAY_MS);
}

const nothingTaken: ReplayOutcome = { taken: 0, skip: 0, read: 0, replayed: 0, deliveries: 0, delayMs: 0, targets: [] };

export function allTaken({ messages }: Pick<LaneJob, 'messages'>): TurnOutcome {
  return { taken: messages.length, remains: [], delayMs: 0, ok: 0, failed: 0, gaveUp: false };
}
