import type { ReplayTurn } from '../../mesh/ports/consumer.ts';
import type { ReplayOrder, ReplayOutcome, ReplayState, ReplayStatus } from '../../mesh/replay/replay.ts';
import type { StoredBatch } from './log-store.ts';
import { toMessages } from './log-rows.ts';

/** A replay as a log keeps it: pure, for every log alike. JSON. */
export interface KeptReplay {
  readonly status: ReplayStatus;
  /** Where the next turn begins: so many messages of this row are done, and so many events of the one after them. */
  readonly position?: Place & { readonly skip: number };
  readonly due: number;
  readonly failures: number;
  /** Whose lanes have to be short enough for the next turn. */
  readonly targets: readonly string[];
}

export interface ReplayJob extends ReplayTurn {
  readonly messages: readonly string[];
  readonly failures: number;
  readonly takenAt: number;
  /** For each message the row that it is in, and its place there. */
  readonly places: readonly Place[];
  /** Where the archive goes on after them. */
  readonly end: Place;
}

interface Place {
  readonly sequence: number;
  readonly message: number;
}

/** What a turn reads, row by row: full ones are large. */
export interface TurnPage {
  /** Whether the turn takes more. */
  readonly isOpen: boolean;
  /** The first row that it has not read. */
  readonly next: number;
  /** Answers whether the row still went in. */
  add(row: Pick<StoredBatch, 'sequence' | 'body'>): boolean;
  /** Passes over rows up to this one: they are of another time. */
  pass(sequence: number): void;
  /** `undefined` where there is nothing to replay. */
  toJob(takenAt: number): ReplayJob | undefined;
}

/** Rows that may wait in the lanes of a target that is replayed to: what is live comes behind them. */
export const LANE_ROWS = 64;
export const LANE_POLL_MS = 1_000;
/** Messages and UTF-16 units in one turn, unless the first row has more. */
const TURN_MESSAGES = 1_024;
const TURN_LENGTH = 500_000;
/** Replays that are remembered; of those that have ended the oldest go. */
const KEPT_REPLAYS = 50;

export function createKeptReplay(order: ReplayOrder, now: number): KeptReplay {
  const status: ReplayStatus = { order, state: 'running', read: 0, replayed: 0, deliveries: 0 };
  return { status, due: now, failures: 0, targets: [] };
}

/** Those that are forgotten when one more comes. */
export function surplusOf(replays: readonly ReplayStatus[]): readonly ReplayStatus[] {
  const ended = replays.filter(({ state }) => state !== 'running');
  const surplus = replays.length + 1 - KEPT_REPLAYS;
  return ended.toSorted((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0)).slice(0, Math.max(0, surplus));
}

export function endReplay(kept: KeptReplay, state: ReplayState, now: number, reason?: string): KeptReplay {
  const status = { ...kept.status, state, endedAt: now, ...(reason === undefined ? {} : { reason }) };
  return { ...kept, status };
}

/** After a turn. */
export function moveReplay(kept: KeptReplay, job: ReplayJob, outcome: ReplayOutcome, now: number): KeptReplay {
  const { taken, skip, delayMs, targets, failed } = outcome;
  const moved: KeptReplay = {
    status: countTurn(kept.status, outcome),
    position: { ...(job.places[taken] ?? job.end), skip },
    due: Math.max(now, job.takenAt + Math.round(delayMs)),
    failures: 0,
    targets,
  };
  return failed === undefined ? moved : endReplay(moved, 'failed', now, failed);
}

/** What a replay has done, with what a turn did. */
export function countTurn(status: ReplayStatus, outcome: ReplayOutcome): ReplayStatus {
  const at = Math.max(outcome.at ?? 0, status.at ?? 0);
  return {
    ...status,
    read: status.read + outcome.read,
    replayed: status.replayed + outcome.replayed,
    deliveries: status.deliveries + outcome.deliveries,
    ...(at === 0 ? {} : { at }),
  };
}

/** Our own code failed: the same turn again later; without a delay it is given up. */
export function failReplay(kept: KeptReplay, reason: string, delayMs: number | undefined, now: number): KeptReplay {
  if (delayMs === undefined) return endReplay(kept, 'failed', now, reason);
  return { ...kept, due: now + delayMs, failures: kept.failures + 1 };
}

/** The next turn, from where the last one stopped or, for the first one, from this row on. */
export function createTurnPage({ status, position, failures }: KeptReplay, first: number): TurnPage {
  const messages: string[] = [];
  const places: Place[] = [];
  let length = 0;
  let next = position?.sequence ?? first;
  let skip = 0;

  return {
    get isOpen() {
      // One after the other, until the one that our code fails on is found.
      if (failures > 0 && messages.length > 0) return false;
      return messages.length < TURN_MESSAGES && length < TURN_LENGTH;
    },
    get next() {
      return next;
    },
    add({ sequence, body }) {
      length += body.length;
      if (messages.length > 0 && length > TURN_LENGTH) return false;
      const begun = sequence === position?.sequence ? position : undefined;
      const done = begun?.message ?? 0;
      const left = toMessages(body).slice(done);
      if (messages.length === 0) skip = begun?.skip ?? 0;
      messages.push(...left);
      places.push(...left.map((_, index) => ({ sequence, message: done + index })));
      next = sequence + 1;
      return true;
    },
    pass(sequence) {
      next = sequence + 1;
    },
    toJob(takenAt) {
      if (messages.length === 0) return undefined;
      return { replay: status.order, skip, messages, failures, takenAt, places, end: { sequence: next, message: 0 } };
    },
  };
}
