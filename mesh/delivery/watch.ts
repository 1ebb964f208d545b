import type { Runtime } from '../ports/runtime.ts';
import type { Health } from './health.ts';

/** Looks from time to time which calls take long, so that nobody waits behind them. */
export interface Watch {
  /** `target`: under which name the call's target is known to be well or sick. */
  during<Result extends { readonly ok: boolean }>(target: string, call: Promise<Result>): Promise<Result>;
}

/** A call that takes longer makes its target a slow one; a quick one makes it well again. */
export const SLOW_MS = 500;

export function createWatch(
  runtime: Pick<Runtime, 'now' | 'pause'>,
  health: Health,
  /** Told when some target was found to be slow. */
  onSlow: () => void,
): Watch {
  const calls = new Map<object, { readonly target: string; readonly since: number }>();
  let watching = false;

  async function look(): Promise<void> {
    while (calls.size > 0) {
      await runtime.pause(2 * SLOW_MS);
      // Where the process itself was late, the answers that came meanwhile are read first.
      await runtime.pause(0);
      const before = runtime.now() - SLOW_MS;
      const slow = [...calls.values()].filter(({ since }) => since <= before);
      for (const { target } of slow) health.sick(target);
      if (slow.length > 0) onSlow();
    }
    watching = false;
  }

  return {
    async during(target, call) {
      const since = runtime.now();
      calls.set(call, { target, since });
      if (!watching) {
        watching = true;
        void look();
      }
      try {
        const result = await call;
        if (result.ok && runtime.now() - since < SLOW_MS) health.well(target);
        return result;
      } finally {
        calls.delete(call);
      }
    },
  };
}
