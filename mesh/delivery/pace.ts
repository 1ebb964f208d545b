import type { Runtime } from '../ports/runtime.ts';

/** Keeps the calls of a turn at a target's rate, evenly: a burst would be above it for a moment. */
export interface Pace {
  /** Resolves when the rate allows another. */
  ready(): Promise<void>;
  spend(deliveries: number, perSecond: number | undefined): void;
  /** Until then the next turn has to wait, in milliseconds. */
  restMs(): number;
}

export function createPace(runtime: Pick<Runtime, 'now' | 'pause'>): Pace {
  let next = 0;
  const restMs = (): number => Math.max(0, next - runtime.now());
  return {
    async ready() {
      const wait = restMs();
      if (wait > 0) await runtime.pause(wait);
    },
    spend(deliveries, perSecond) {
      if (perSecond === undefined) return;
      // A call that came a little late is not made up for: timers only ever fire late.
      next = runtime.now() + (deliveries * 1_000) / perSecond;
    },
    restMs,
  };
}
