import type { LaneStatus } from '../lane.ts';
import type { TurnOutcome } from '../ports/settlement.ts';
import { createThrottle, type ThrottleMemory } from './throttle.ts';

/** Whether a target is asked at all. Open: not now; then one probe decides. */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'probing';
  /** Since when it is open, or was last found failing; milliseconds since the epoch. */
  readonly until: number;
  /** Whether something may be sent now, and if so whether it is the probe. The probe is given once. */
  ask(now: number): 'yes' | 'probe' | 'no';
  tell(outcome: Pick<TurnOutcome, 'ok' | 'failed' | 'gaveUp' | 'throttledMs'>, now: number): void;
  /** The target asked to be slowed down and, above 0, to be sent nothing for so long: then a probe shows. */
  slow(waitMs: number, now: number): void;
  /** See `Turn.share`. */
  share(now: number): number;
  /** All that it knows, for where several processes share one. */
  readonly memory: BreakerMemory;
}

export interface BreakerMemory {
  readonly state: Breaker['state'];
  readonly until: number;
  /** Failures in a row, and outcomes within the window. */
  readonly inRow: number;
  readonly ok: number;
  readonly failed: number;
  readonly windowEnd: number;
  readonly throttle?: ThrottleMemory;
}

/** Convoy's defaults: 10 failures in a row, or 70 % of at least 10 within five minutes; 30 s until the probe. */
const failuresInRow = 10;
const failureShare = 0.7;
const leastAttempts = 10;
const windowMs = 300_000;
const openMs = 30_000;
const blank: BreakerMemory = { state: 'closed', until: 0, inRow: 0, ok: 0, failed: 0, windowEnd: 0 };

export function createBreaker(memory: BreakerMemory = blank): Breaker {
  let { state, until, inRow, ok, failed, windowEnd } = memory;
  const throttle = createThrottle(memory.throttle);

  function open(now: number): void {
    state = 'open';
    until = now + openMs;
  }

  function judge(outcome: Pick<TurnOutcome, 'ok' | 'failed' | 'gaveUp'>, now: number): void {
    if (outcome.ok === 0 && outcome.failed === 0) {
      // Nothing was asked: what came up had ended before. The next turn is the probe.
      if (state === 'probing') until = now;
      return;
    }
    if (state !== 'closed') {
      if (outcome.ok === 0) {
        open(now);
        return;
      }
      state = 'closed';
      inRow = ok = failed = 0;
    }
    if (now >= windowEnd) {
      ok = failed = 0;
      windowEnd = now + windowMs;
    }
    ok += outcome.ok;
    failed += outcome.failed;
    inRow = outcome.ok > 0 ? 0 : inRow + outcome.failed;
    const share = failed / (ok + failed);
    if (outcome.gaveUp || inRow >= failuresInRow || (ok + failed >= leastAttempts && share >= failureShare)) open(now);
  }

  function slow(waitMs: number, now: number): void {
    throttle.slow(now);
    if (waitMs <= 0) return;
    until = state === 'closed' ? now + waitMs : Math.max(until, now + waitMs);
    state = 'open';
  }

  return {
    slow,
    share: (now) => throttle.share(now),
    get state() {
      return state;
    },
    get until() {
      return until;
    },
    get memory() {
      return { state, until, inRow, ok, failed, windowEnd, throttle: throttle.memory };
    },
    ask(now) {
      if (state === 'closed') return 'yes';
      if (now < until) return 'no';
      state = 'probing';
      // A probe of which nothing is heard again is given once more.
      until = now + openMs;
      return 'probe';
    },
    tell(outcome, now) {
      judge(outcome, now);
      throttle.tell(outcome);
      if (outcome.throttledMs !== undefined) slow(outcome.throttledMs, now);
    },
  };
}

/** What an operator sees of it. */
export function statusOf(breaker: Breaker | undefined, now: number): Pick<LaneStatus, 'breaker' | 'probeAt' | 'share'> {
  if (breaker === undefined) return { breaker: 'closed' };
  const { state, until } = breaker;
  const share = breaker.share(now);
  return {
    breaker: state,
    ...(state === 'closed' ? {} : { probeAt: until }),
    ...(share === 1 ? {} : { share }),
  };
}
