import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../mesh/seeded-random.ts';

const draw = (seed: string, count: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, random);
};

describe('seeded chance', () => {
  it('is the same for the same seed', () => {
    expect(draw('a/1', 5)).toEqual(draw('a/1', 5));
  });

  it('is another for seeds that are nearly the same', () => {
    const first = new Set(Array.from({ length: 10_000 }, (_, index) => draw(`receipt/${index}`, 1)[0]));
    expect(first.size).toBeGreaterThan(9_990);
  });

  it('is uniform in [0, 1), over one sequence and over many seeds', () => {
    for (const values of [
      draw('seed', 100_000),
      Array.from({ length: 100_000 }, (_, index) => draw(`r/${index}`, 1)[0] ?? 0),
    ]) {
      const counts = Array.from({ length: 10 }, () => 0);
      for (const value of values) {
        const bucket = Math.floor(value * 10);
        counts[bucket] = (counts[bucket] ?? 0) + 1;
      }
      expect(Math.min(...counts)).toBeGreaterThan(9_500);
      expect(Math.max(...counts)).toBeLessThan(10_500);
      expect(counts).toHaveLength(10);
    }
  });
});
