import { describe, expect, it } from 'vitest';
import { type Backoff, nominalWaitMs, waitMs } from '../../../mesh/delivery/backoff.ts';

const attempts = [1, 2, 3, 4, 5];

describe('full jitter', () => {
  const backoff: Backoff = { kind: 'full-jitter', baseSeconds: 5, capSeconds: 60 };

  it('has a ceiling that doubles up to the cap', () => {
    expect([1, 2, 3, 4, 5, 500].map((attempt) => nominalWaitMs(backoff, attempt) / 1000)).toEqual([
      5, 10, 20, 40, 60, 60,
    ]);
  });

  it('waits uniformly below it', () => {
    expect(waitMs(backoff, 1, 0)).toBe(0);
    expect(waitMs(backoff, 1, 0.5)).toBe(2_500);
    expect(waitMs(backoff, 3, 0.999)).toBe(19_980);
  });
});

describe('a schedule', () => {
  const backoff: Backoff = { kind: 'schedule', seconds: [5, 300], jitter: 0.2 };

  it('repeats its last wait', () => {
    expect([1, 2, 3, 100].map((attempt) => waitMs(backoff, attempt, 0.5))).toEqual([5_000, 300_000, 300_000, 300_000]);
  });

  it('spreads each wait by the jitter, both ways', () => {
    expect(waitMs(backoff, 1, 0)).toBe(4_000);
    expect(waitMs(backoff, 1, 1 - Number.EPSILON)).toBe(6_000);
  });
});

describe('Knative', () => {
  it('multiplies by the attempt, or doubles from twice the delay on, without jitter', () => {
    for (const chance of [0, 0.9]) {
      expect(attempts.map((attempt) => waitMs({ kind: 'linear', delaySeconds: 2.5 }, attempt, chance))).toEqual([
        2_500, 5_000, 7_500, 10_000, 12_500,
      ]);
      expect(attempts.map((attempt) => waitMs({ kind: 'exponential', delaySeconds: 1.5 }, attempt, chance))).toEqual([
        3_000, 6_000, 12_000, 24_000, 48_000,
      ]);
    }
  });

  it('never waits longer than an event may live', () => {
    expect(waitMs({ kind: 'exponential', delaySeconds: 1 }, 185, 0)).toBe(30 * 86_400_000);
    expect(waitMs({ kind: 'exponential', delaySeconds: 0 }, 185, 0)).toBe(0);
  });
});
