import { describe, expect, it } from 'vitest';
import { fillRetry, findRetryFaults, retrySchema, toRetryPolicy } from '../../admin/resources/retry.ts';
import { findFaults } from '../../admin/validation.ts';
import { nominalWaitMs } from '../../mesh/delivery/backoff.ts';
import { presetNames, presets } from '../../mesh/delivery/presets.ts';

describe('the retry of a target', () => {
  it.each(presetNames)('%s is filled in with what the preset keeps', (preset) => {
    const filled = fillRetry({ preset });
    expect(findFaults(retrySchema, filled)).toEqual([]);
    expect(findRetryFaults(filled, '')).toEqual([]);
    expect(fillRetry(filled)).toEqual(filled);
    const { policy, backoff, retryAfterMaxSeconds } = presets[preset];
    const read = toRetryPolicy(filled);
    expect(read).toMatchObject({ preset, ...policy });
    expect(read.retryAfterMaxSeconds ?? retryAfterMaxSeconds).toBe(retryAfterMaxSeconds);
    for (const attempt of [1, 2, 7]) {
      expect(nominalWaitMs(read.backoff ?? backoff, attempt)).toBe(nominalWaitMs(backoff, attempt));
    }
  });

  it('that was stored before there were presets keeps its meaning', () => {
    expect(toRetryPolicy({ maxAttempts: 24, maxAge: '3d' })).toEqual({
      preset: 'default',
      maxAttempts: 24,
      maxAgeSeconds: 259_200,
    });
  });
});
