import { describe, expect, it } from 'vitest';
import { defaultPreset } from '../../../mesh/delivery/presets.ts';
import { backoffCeilingMs, decide } from '../../../mesh/delivery/retry.ts';
import type { AttemptResult } from '../../../mesh/sink.ts';

const now = 1_700_000_000_000;
const policy = defaultPreset.policy;
const first = { attempt: 1, firstAttemptAt: now };
const runtime = (random = 0.5, at = now) => ({ now: () => at, random: () => random });

function answered(code: number, retryAfterMs?: number): AttemptResult {
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { ok: false, failure: 'response', code, latencyMs: 5, reason: `the target answered ${code}`, ...asked };
}

function failed(failure: 'timeout' | 'network' | 'refused'): AttemptResult {
  return { ok: false, failure, latencyMs: 5, reason: failure };
}

describe('the default preset', () => {
  const table: Record<string, number[]> = {
    delivered: [200, 201, 202, 204, 299],
    dead: [300, 301, 302, 303, 304, 307, 308, 400, 413, 415, 422],
    disabled: [410],
    retry: [401, 403, 404, 405, 407, 408, 409, 425, 429, 451, 500, 501, 502, 503, 504, 511, 599, 100],
  };
  for (const [kind, codes] of Object.entries(table)) {
    it.each(codes)(`${kind}: %i`, (code) => {
      expect(decide(answered(code), policy, first, runtime()).kind).toBe(kind);
    });
  }

  it('retries where no answer came, but not what we refuse to send', () => {
    expect(decide(failed('timeout'), policy, first, runtime()).kind).toBe('retry');
    expect(decide(failed('network'), policy, first, runtime()).kind).toBe('retry');
    expect(decide(failed('refused'), policy, first, runtime())).toEqual({ kind: 'dead', reason: 'refused' });
  });

  it('says why a delivery ends', () => {
    expect(decide(answered(308), policy, first, runtime())).toMatchObject({
      reason: expect.stringContaining('redirect'),
    });
  });

  it('has a reason in every row that ends a delivery', () => {
    const silent = defaultPreset.responses.filter((row) => /dead|disabled/.test(row.action) && !row.because);
    expect(silent).toEqual([]);
  });
});

describe('the schedule', () => {
  it('waits uniformly below a ceiling that doubles up to the cap', () => {
    expect([1, 2, 3, 14, 15, 24].map((attempt) => backoffCeilingMs(attempt) / 1000)).toEqual([
      5, 10, 20, 40_960, 43_200, 43_200,
    ]);
    expect(decide(answered(500), policy, first, runtime(0))).toEqual({ kind: 'retry', delayMs: 0 });
    expect(decide(answered(500), policy, first, runtime(0.5))).toEqual({ kind: 'retry', delayMs: 2500 });
    expect(decide(answered(500), policy, { ...first, attempt: 3 }, runtime(0.999))).toEqual({
      kind: 'retry',
      delayMs: 19_980,
    });
  });

  it('ends after the last attempt with the last reason', () => {
    const state = { ...first, attempt: 23 };
    expect(decide(answered(500), policy, state, runtime(0.001)).kind).toBe('retry');
    expect(decide(answered(500), policy, { ...state, attempt: 24 }, runtime(0.001))).toEqual({
      kind: 'dead',
      reason: 'all 24 attempts failed; the last: the target answered 500',
    });
  });

  it('ends now when the retry would come after the greatest age', () => {
    const age = policy.maxAgeSeconds * 1000;
    const state = { attempt: 2, firstAttemptAt: now - age + 5000 };
    expect(decide(answered(500), policy, state, runtime(0.5))).toEqual({ kind: 'retry', delayMs: 5000 });
    expect(decide(answered(500), policy, state, runtime(0.51)).kind).toBe('dead');
  });
});

describe('Retry-After', () => {
  it('lengthens the wait on 429 and 503, never shortens it', () => {
    for (const code of [429, 503]) {
      expect(decide(answered(code, 60_000), policy, first, runtime())).toEqual({ kind: 'retry', delayMs: 60_000 });
      expect(decide(answered(code, 100), policy, first, runtime())).toEqual({ kind: 'retry', delayMs: 2500 });
    }
  });

  it('says nothing with another status', () => {
    expect(decide(answered(500, 60_000), policy, first, runtime())).toEqual({ kind: 'retry', delayMs: 2500 });
  });

  it('is capped at a day', () => {
    expect(decide(answered(503, 1e12), policy, first, runtime())).toEqual({ kind: 'retry', delayMs: 86_400_000 });
  });
});
