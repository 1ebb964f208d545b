import type { CompiledRule } from '../compiled-snapshot.ts';
import type { ReplayOrder } from './replay.ts';

/** What one turn of a replay may make: about a second's worth, so that it can be cancelled, and its targets keep their rates. */
export interface Budget {
  isSpent(): boolean;
  /** One event for the targets of these rules. */
  spend(rules: readonly CompiledRule[]): void;
  /** How long what was spent is meant to take. */
  delayMs(): number;
  /** `rule/target` of all that something was spent on. */
  targets(): readonly string[];
}

/** In a turn: a crash repeats what of it is on its way. */
const mostEvents = 512;

/** `shares`: so many logs replay side by side. */
export function createBudget({ perSecond }: Pick<ReplayOrder, 'perSecond'>, shares: number): Budget {
  const spent = new Map<string, number>();
  let events = 0;
  let seconds = 0;

  function pass(count: number, rate: number | undefined): void {
    if (rate !== undefined) seconds = Math.max(seconds, (count * shares) / rate);
  }

  return {
    isSpent: () => seconds >= 1 || events >= mostEvents,
    spend(rules) {
      events += 1;
      pass(events, perSecond);
      for (const rule of rules) {
        for (const { rule: name, target } of rule.deliveries) {
          const key = `${name}/${target}`;
          const count = (spent.get(key) ?? 0) + 1;
          spent.set(key, count);
          pass(count, rule.target(target)?.ratePerSecond);
        }
      }
    },
    delayMs: () => seconds * 1000,
    targets: () => [...spent.keys()],
  };
}
