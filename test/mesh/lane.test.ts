import { describe, expect, it } from 'vitest';
import { divide } from '../../mesh/lane.ts';

describe('the lanes of a target with an order and a bound', () => {
  it.each([
    [{ ratePerSecond: 50 }, 6, 8],
    [{ ratePerSecond: 20 }, 5, 4],
    [{ ratePerSecond: 7 }, 1, 7],
    [{ ratePerSecond: 1 }, 1, 1],
    [{ ratePerSecond: 0.01 }, 1, 0.01],
    [{ ratePerSecond: 10_000 }, 6, 1_666],
    [{ ratePerSecond: 50, concurrency: 2 }, 2, 25],
    [{ concurrency: 3 }, 3, undefined],
    [{ concurrency: 100 }, 6, undefined],
  ])('%j: %d, %s a second each', (settings, lanes, perLane) => {
    expect(divide({ name: 'crm', ...settings })).toEqual({ lanes, perLane });
  });

  it('never come to more than the rate', () => {
    for (let ratePerSecond = 0.25; ratePerSecond < 300; ratePerSecond += 0.25) {
      const { lanes, perLane = 0 } = divide({ name: 'crm', ratePerSecond });
      expect(lanes * perLane).toBeLessThanOrEqual(ratePerSecond);
      expect(lanes * perLane).toBeGreaterThanOrEqual(ratePerSecond * 0.95);
    }
  });
});
