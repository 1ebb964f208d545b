import type { Scenario } from './scenario.ts';

/** Of one scenario on one platform. */
export interface Costs {
  readonly scenario: Scenario;
  /** Billable operations for a million events, as they were counted. */
  readonly operations: Readonly<Record<string, number>>;
  /** What they cost, in US dollars. */
  readonly dollars: number;
}

export interface Counter {
  count(operation: string, times?: number): void;
  reset(): void;
  /** Counted since the reset, for a million of the scenario's events. */
  perMillion({ events }: Scenario): Record<string, number>;
}

export function createCounter(): Counter {
  const counts = new Map<string, number>();
  return {
    count: (operation, times = 1) => void counts.set(operation, (counts.get(operation) ?? 0) + times),
    reset: () => counts.clear(),
    perMillion: ({ events }) =>
      Object.fromEntries(Array.from(counts, ([operation, times]) => [operation, (times / events) * 1e6])),
  };
}

export function priceOf(operations: Readonly<Record<string, number>>, each: Readonly<Record<string, number>>): number {
  return Object.entries(operations).reduce((sum, [operation, times]) => sum + times * (each[operation] ?? 0), 0);
}
