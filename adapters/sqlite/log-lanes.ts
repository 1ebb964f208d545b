import { frame } from '../../mesh/frame.ts';
import { type Breaker, createBreaker, statusOf } from '../../mesh/delivery/breaker.ts';
import { isOrdered, type LaneMessage, type LaneStatus, targetOfLane } from '../../mesh/lane.ts';
import type { Turn } from '../../mesh/ports/consumer.ts';
import type { TurnOutcome } from '../../mesh/ports/settlement.ts';
import type { LaneStore } from './lane-store.ts';
import { failRow, type LaneHead, leaveRows, takeHead, TURN_MESSAGES } from './lane-turn.ts';
import { toRows, weigh } from './log-rows.ts';

/** Which lanes have something to do, and whose turn it is. A lane has one turn at a time. */
export interface Lanes {
  /**
   * Writes messages to the end of their lanes, or where their due time puts them; in a transaction of the caller's. Answers
   * of how many deliveries they are.
   */
  insert(messages: readonly LaneMessage[], due: number): number;
  /** At most so many turns that are due. */
  take(count: number): LaneJob[];
  /** Writes what became of a turn; in a transaction of the caller's. */
  settle(job: LaneJob, outcome: TurnOutcome): void;
  /** A target (`rule/target`) asked to be slowed down, outside of a turn. */
  throttle(target: string, waitMs: number): void;
  /** Our own code failed: the same turn again later, its first message alone. */
  fail(job: LaneJob, delayMs: number): void;
  /** What is out is to be handed out again. */
  startOver(): void;
  /** When the next turn is due; infinite when no lane has anything. */
  nextAt(): number;
  status(): readonly LaneStatus[];
}

export interface LaneJob extends Turn, LaneHead {}

/** Turns of one target at a time: its partitions go side by side. */
const TARGET_TURNS = 6;
/** Lanes that are kept in memory; the others are looked for when these are done. */
const LANES_IN_MEMORY = 10_000;

export function createLanes(options: {
  readonly store: LaneStore;
  readonly nextSequence: () => number;
  readonly now: () => number;
}): Lanes {
  const { store, nextSequence, now } = options;
  /** Lanes that may have rows, by the time before which there is no use in looking. */
  const waiting = new Map<string, number>();
  const out = new Set<string>();
  /** Until when a lane has to rest, whatever is added to it: after the last call at its target's rate. */
  const resting = new Map<string, number>();
  const turnsOf = new Map<string, number>();
  const breakers = new Map<string, Breaker>();
  let earliest = 0;
  /** The last lane that was looked up in the table; `undefined` when all that there are were. */
  let loadedUpTo: string | undefined = '';

  function wait(lane: string, due: number): void {
    if (out.has(lane)) return;
    if (!waiting.has(lane) && waiting.size >= LANES_IN_MEMORY) {
      loadedUpTo ??= '';
      return;
    }
    const at = Math.max(due, resting.get(lane) ?? 0);
    waiting.set(lane, Math.min(waiting.get(lane) ?? Number.POSITIVE_INFINITY, at));
    earliest = Math.min(earliest, at);
  }

  function rest(lane: string, until: number): void {
    if (until <= now()) return;
    if (resting.size >= LANES_IN_MEMORY) {
      for (const [other, end] of resting) if (end <= now()) resting.delete(other);
    }
    resting.set(lane, until);
  }

  function load(): void {
    if (loadedUpTo === undefined || waiting.size > LANES_IN_MEMORY / 2) return;
    const room = LANES_IN_MEMORY - waiting.size;
    const found = store.lanesAfter(loadedUpTo, room);
    for (const lane of found) wait(lane, 0);
    loadedUpTo = found.length < room ? undefined : found.at(-1);
  }

  function breakerOf(lane: string): Breaker {
    const target = targetOfLane(lane);
    let breaker = breakers.get(target);
    if (breaker === undefined) {
      breaker = createBreaker();
      breakers.set(target, breaker);
    }
    return breaker;
  }

  /** The lane's turn, or the time before which it has none. */
  function toJob(lane: string): LaneJob | number | undefined {
    const restsUntil = resting.get(lane) ?? 0;
    if (restsUntil > now()) return restsUntil;
    resting.delete(lane);
    const rows = store.head(lane, TURN_MESSAGES);
    const [first] = rows;
    if (first === undefined) return undefined;
    if (first.due > now()) return first.due;
    const target = targetOfLane(lane);
    const breaker = breakerOf(lane);
    const share = breaker.share(now());
    if ((turnsOf.get(target) ?? 0) >= Math.max(1, Math.floor(TARGET_TURNS * share))) return now() + 1;
    const answer = breaker.ask(now());
    if (answer === 'no') return breaker.until;
    const slowed = share < 1 ? { share } : {};
    return { lane, probe: answer === 'probe', ...slowed, ...takeHead(first, rows.slice(1), now()) };
  }

  function back({ lane }: LaneJob, due: number): void {
    out.delete(lane);
    const target = targetOfLane(lane);
    const turns = (turnsOf.get(target) ?? 1) - 1;
    if (turns > 0) turnsOf.set(target, turns);
    else turnsOf.delete(target);
    rest(lane, due);
    wait(lane, due);
  }

  return {
    insert(messages, due) {
      const lanes = new Map<string, string[]>();
      for (const { lane, body } of messages) {
        const bodies = lanes.get(lane);
        if (bodies === undefined) lanes.set(lane, [body]);
        else bodies.push(body);
      }
      let inserted = 0;
      for (const [lane, bodies] of lanes) {
        for (const part of toRows(bodies)) {
          const place = isOrdered(lane) ? 0 : due;
          const deliveries = weigh(part);
          inserted += deliveries;
          store.insert({ lane, place, sequence: nextSequence(), due, failures: 0, deliveries, body: frame(part) });
        }
        wait(lane, due);
      }
      return inserted;
    },
    take(count) {
      load();
      if (count <= 0 || now() < earliest) return [];
      const jobs: LaneJob[] = [];
      earliest = Number.POSITIVE_INFINITY;
      for (const [lane, due] of waiting) {
        if (jobs.length === count || due > now()) {
          earliest = Math.min(earliest, due);
          continue;
        }
        const job = toJob(lane);
        if (job === undefined) waiting.delete(lane);
        else if (typeof job === 'number') {
          waiting.set(lane, job);
          earliest = Math.min(earliest, job);
        } else {
          waiting.delete(lane);
          out.add(lane);
          const target = targetOfLane(lane);
          turnsOf.set(target, (turnsOf.get(target) ?? 0) + 1);
          jobs.push(job);
        }
      }
      return jobs;
    },
    settle(job, outcome) {
      breakerOf(job.lane).tell(outcome, now());
      const due = now() + Math.round(outcome.delayMs);
      for (const { before, after } of leaveRows(job.rows, outcome, due)) {
        store.delete(before);
        if (after !== undefined) store.insert(after);
      }
      back(job, due);
    },
    throttle: (target, waitMs) => breakerOf(target).slow(waitMs, now()),
    fail(job, delayMs) {
      const due = now() + delayMs;
      const [first] = job.rows;
      if (first !== undefined) {
        store.delete(first);
        store.insert(failRow(first, due));
      }
      back(job, isOrdered(job.lane) ? due : now());
    },
    startOver() {
      for (const lane of out) waiting.set(lane, 0);
      out.clear();
      turnsOf.clear();
      earliest = 0;
    },
    nextAt() {
      load();
      return waiting.size === 0 ? Number.POSITIVE_INFINITY : earliest;
    },
    status: () =>
      Array.from(new Set([...breakers.keys(), ...targetsThatWait(store)]), (target) => {
        return { target, ...statusOf(breakers.get(target), now()), waiting: store.count(target) };
      }),
  };
}

/** Step by step over the partitions: a target may have very many. */
function* targetsThatWait(store: LaneStore): Generator<string> {
  for (let [lane] = store.lanesAfter('', 1); lane !== undefined;) {
    const target = targetOfLane(lane);
    yield target;
    [lane] = store.lanesAfter(`${target}#\u{10ffff}`, 1);
  }
}
