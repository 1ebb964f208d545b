import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

/** The whole run is `npm run test:simulation`; these are seeds of its own. */
const FIRST = 1_000_000;
const SEEDS = 400;

describe('the simulation', () => {
  it(`finds nothing wrong in ${SEEDS} seeds`, { timeout: 60_000 }, async () => {
    const failed: string[] = [];
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const { violations } = await simulate(seed);
      if (violations.length > 0) failed.push(`node test/simulation/main.ts --seed ${seed}: ${violations[0]}`);
    }
    expect(failed).toEqual([]);
  });

  it('has the same history for the same seed, and another for another', { timeout: 20_000 }, async () => {
    const hashes = new Set<number>();
    const lines: string[] = [];
    for (let seed = FIRST; seed < FIRST + 20; seed += 1) {
      const { hash } = await simulate(seed);
      const traced = await simulate(seed, { trace: (line) => lines.push(line) });
      expect(traced.hash).toBe(hash);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(20);
    expect(lines.length).toBeGreaterThan(1_000);
  });
});
