import { describe, expect, it } from 'vitest';
import { type Fault, faults } from './faults.ts';
import { simulate } from './simulate.ts';
import { fullSize, sizeOf } from './size.ts';

const patience = { timeout: 120_000 };

describe('tasks of connectors, while workers die and freeze', () => {
  it('have one writer each, resume within three beats, and lose nothing', patience, async () => {
    // In 680 the answer to a heartbeat comes so late that its worker has stored more by then.
    for (const seed of [0, 1, 2, 3, 680]) {
      const { violations, published } = await simulate(seed, fullSize);
      expect(violations, `node test/connectors/simulation/main.ts --seed ${seed} --full-every 1`).toEqual([]);
      expect(published).toBeGreaterThan(1_900);
    }
  });

  it('do the same whatever number of workers has whatever number of tasks', patience, async () => {
    for (let seed = 1; seed < 200; seed += 1) {
      const { violations } = await simulate(seed, sizeOf(seed, 1_000));
      expect(violations, `node test/connectors/simulation/main.ts --seed ${seed} --full-every 1000`).toEqual([]);
    }
  });

  it.for(Object.keys(faults) as Fault[])('would show %s', patience, async (fault) => {
    const { what, within } = faults[fault];
    const found = async (seed: number): Promise<boolean> =>
      (await simulate(seed, { workers: 5, connectors: 5, parallelism: 4, fault })).violations.length > 0;
    for (let seed = 0; seed < within; seed += 1) if (await found(seed)) return;
    expect.fail(`${within} seeds did not find that ${what}`);
  });
});
