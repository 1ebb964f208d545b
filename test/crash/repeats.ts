import { setTimeout as pause } from 'node:timers/promises';

/**
 * How many deliveries may have come twice because of kills: those that had arrived when a process died and were not yet in
 * its books, which are written with the settlements. Counted, not timed: on a slow disk a settlement takes its time.
 */
export interface Repeats {
  /** Around `kill`. */
  around(kill: () => Promise<void>): Promise<void>;
  readonly allowed: number;
  readonly kills: number;
}

/** What was on its way to the target when the process died is counted so much later. */
const ON_ITS_WAY_MS = 200;

export function createRepeats(options: {
  /** Deliveries that the books say have ended. */
  readonly settled: () => Promise<number>;
  /** Those that have arrived. */
  readonly arrived: () => number;
}): Repeats {
  let allowed = 0;
  let kills = 0;
  return {
    async around(kill) {
      const settled = await options.settled();
      await kill();
      await pause(ON_ITS_WAY_MS);
      kills += 1;
      allowed += Math.max(0, options.arrived() - settled);
    },
    get allowed() {
      return allowed;
    },
    get kills() {
      return kills;
    },
  };
}
