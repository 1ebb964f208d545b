import { describe, expect, it } from 'vitest';
import { type Fault, faults, simulate } from './simulate.ts';

const seconds = 1_000;

describe('tasks of connectors, while workers die and freeze', () => {
  it('have one writer each, resume within three beats, and lose nothing', { timeout: 120 * seconds }, async () => {
    for (let seed = 0; seed < 5; seed += 1) {
      const { violations, published } = await simulate(seed);
      expect(violations, `node test/connectors/simulation/main.ts --seed ${seed}`).toEqual([]);
      expect(published).toBeGreaterThan(1_900);
    }
  });

  it('do the same when few workers have many tasks', { timeout: 120 * seconds }, async () => {
    for (let seed = 100; seed < 160; seed += 1) {
      const { violations } = await simulate(seed, { workers: 3, connectors: 3, parallelism: 4 });
      expect(violations, `seed ${seed}`).toEqual([]);
    }
  });

  it.for(Object.keys(faults) as Fault[])('would show %s', { timeout: 120 * seconds }, async (fault) => {
    const found = async (seed: number): Promise<boolean> =>
      (await simulate(seed, { workers: 5, connectors: 5, parallelism: 4, fault })).violations.length > 0;
    for (let seed = 0; seed < 200; seed += 1) if (await found(seed)) return;
    expect.fail(`200 seeds did not find that ${faults[fault]}`);
  });
});
