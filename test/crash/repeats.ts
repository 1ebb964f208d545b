import { setTimeout as pause } from 'node:timers/promises';
import type { CrashMesh } from './mesh.ts';

/**
 * How many deliveries may have come twice because of kills: those that had arrived when a process died and were not yet in
 * its books, which are written with the settlements. Counted, not timed: on a slow disk a settlement takes its time.
 */
export interface Repeats {
  kill(mesh: Pick<CrashMesh, 'kill'>): Promise<void>;
  readonly allowed: number;
  readonly kills: number;
}

/** What was on its way to the target when the process died is counted when nothing has come for so long, or others go on. */
const ON_ITS_WAY_MS = 100;
const LOOKS = 50;

export function createRepeats(options: {
  /** Deliveries that the books say have ended. */
  readonly settled: () => Promise<number>;
  /** Those that have arrived. */
  readonly arrived: () => number;
}): Repeats {
  let allowed = 0;
  let kills = 0;
  return {
    async kill(mesh) {
      const settled = await options.settled();
      await mesh.kill(async () => {
        for (let look = 0, last = -1; look < LOOKS && last !== options.arrived(); look += 1) {
          last = options.arrived();
          await pause(ON_ITS_WAY_MS);
        }
        allowed += Math.max(0, options.arrived() - settled);
      });
      kills += 1;
    },
    get allowed() {
      return allowed;
    },
    get kills() {
      return kills;
    },
  };
}
