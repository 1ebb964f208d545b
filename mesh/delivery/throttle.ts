import type { TurnOutcome } from '../ports/settlement.ts';

/** How much of what a target may have it is given: less, each time that it asks to be slowed down. */
export interface Throttle {
  /** From the floor, a sixteenth, to 1. */
  share(now: number): number;
  slow(now: number): void;
  tell(outcome: Pick<TurnOutcome, 'ok' | 'failed'>): void;
  readonly memory: ThrottleMemory;
}

export interface ThrottleMemory {
  readonly share: number;
  /** When it last asked, in milliseconds since the epoch. */
  readonly slowedAt: number;
  /** Calls that succeeded in a row since the last step. */
  readonly ok: number;
}

/** Halved and raised by steps, as TCP does it. */
const floor = 1 / 16;
const step = 1 / 8;
const callsForStep = 10;
/** What is refused together is one wish. */
const againAfterMs = 1_000;
/** A target that has had no reason to ask again is given everything. */
const forgottenAfterMs = 600_000;

export function createThrottle(memory: ThrottleMemory = { share: 1, slowedAt: 0, ok: 0 }): Throttle {
  let { share, slowedAt, ok } = memory;
  return {
    share: (now) => (now - slowedAt >= forgottenAfterMs ? 1 : share),
    slow(now) {
      if (now - slowedAt >= forgottenAfterMs) share = 1;
      if (now - slowedAt < againAfterMs) return;
      share = Math.max(floor, share / 2);
      slowedAt = now;
      ok = 0;
    },
    tell(outcome) {
      ok = outcome.failed > 0 ? 0 : ok + outcome.ok;
      const steps = Math.floor(ok / callsForStep);
      share = Math.min(1, share + steps * step);
      ok -= steps * callsForStep;
    },
    get memory() {
      return { share, slowedAt, ok };
    },
  };
}
