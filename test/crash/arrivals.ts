import { sendsTwice } from './load.ts';

/** What came to a target, and whether it came once more than it had to. */
export interface Arrivals {
  /** Counts, and answers the status: some events are taken the second time only, so that there are retries as well. */
  arrive(id: string): number;
  readonly total: number;
  readonly ids: number;
  /** Of these, those that have not arrived. */
  missing(ids: readonly string[]): readonly string[];
  /** Arrivals more than there had to be. */
  readonly repeated: number;
  /** Of so many events all arrivals there had to be were there. */
  readonly done: number;
  /** When the last one came. */
  readonly lastAt: number;
  /** For a failure: how often it came. */
  describe(ids: readonly string[]): string;
}

export function createArrivals(expected: (id: string) => number = (id) => (sendsTwice(id) ? 2 : 1)): Arrivals {
  const counts = new Map<string, number>();
  let total = 0;
  let repeated = 0;
  let done = 0;
  let lastAt = 0;

  return {
    arrive(id) {
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      total += 1;
      lastAt = performance.now();
      if (count === expected(id)) done += 1;
      if (count > expected(id)) repeated += 1;
      return count < expected(id) ? 503 : 204;
    },
    get total() {
      return total;
    },
    get ids() {
      return counts.size;
    },
    missing: (ids) => ids.filter((id) => (counts.get(id) ?? 0) < expected(id)),
    get repeated() {
      return repeated;
    },
    get done() {
      return done;
    },
    get lastAt() {
      return lastAt;
    },
    describe(ids) {
      const shown = ids.slice(0, 20).map((id) => `${id} (${counts.get(id) ?? 0} of ${expected(id)})`);
      return shown.join(' ') + (ids.length > shown.length ? ` and ${ids.length - shown.length} more` : '');
    },
  };
}
