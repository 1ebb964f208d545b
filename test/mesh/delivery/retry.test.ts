import { describe, expect, it } from 'vitest';
import { presetNames, type PresetName, presets } from '../../../mesh/delivery/presets.ts';
import { decide } from '../../../mesh/delivery/retry.ts';
import type { AttemptResult } from '../../../mesh/sink.ts';
import type { RetryPolicy } from '../../../mesh/snapshot.ts';

const now = 1_700_000_000_000;
const policy = policyOf('default');
const first = { attempt: 1, acceptedAt: now };
const runtime = (random = 0.5, at = now) => ({ now: () => at, random: () => random });

function policyOf(preset: PresetName): RetryPolicy {
  return { preset, ...presets[preset].policy };
}

function answered(code: number, more: { retryAfterMs?: number; refusesRetry?: true } = {}): AttemptResult {
  return { ok: false, failure: 'response', code, latencyMs: 5, reason: `the target answered ${code}`, ...more };
}

function delayOf(result: AttemptResult, attempt: number, random: number, of: RetryPolicy): number {
  const decision = decide(result, of, { attempt, acceptedAt: now }, runtime(random));
  if (decision.kind !== 'retry') throw new Error(decision.kind);
  return decision.delayMs;
}

describe('an end', () => {
  it('has the reason of the preset and the word of the target', () => {
    expect(decide(answered(308), policy, first, runtime())).toEqual({
      kind: 'dead',
      reason: 'redirects are not followed: configure the new address; the target answered 308',
    });
    const refused: AttemptResult = { ok: false, failure: 'refused', latencyMs: 0, reason: 'no secret' };
    expect(decide(refused, policy, first, runtime())).toEqual({ kind: 'dead', reason: 'no secret' });
  });

  it('comes after the last attempt, with the last reason', () => {
    const state = { ...first, attempt: 23 };
    expect(decide(answered(500), policy, state, runtime(0.001)).kind).toBe('retry');
    expect(decide(answered(500), policy, { ...state, attempt: 24 }, runtime(0.001))).toEqual({
      kind: 'dead',
      reason: 'all 24 attempts failed; the last: the target answered 500',
      exhausted: 'attempts',
    });
  });

  it('comes now when the retry would come after the greatest age, counted from the acceptance', () => {
    const age = policy.maxAgeSeconds * 1000;
    const state = { attempt: 2, acceptedAt: now - age + 5000 };
    expect(decide(answered(500), policy, state, runtime(0.5))).toEqual({ kind: 'retry', delayMs: 5000 });
    expect(decide(answered(500), policy, state, runtime(0.51))).toMatchObject({ kind: 'dead', exhausted: 'age' });
  });

  it('comes for a success that the preset does not count', () => {
    const last = { ...first, attempt: 30 };
    expect(decide({ ok: true, code: 206, latencyMs: 1 }, policyOf('eventgrid'), last, runtime())).toMatchObject({
      kind: 'dead',
      reason: 'all 30 attempts failed; the last: the target answered 206',
    });
  });

  it('does not come for a success without a status', () => {
    for (const name of presetNames) {
      expect(decide({ ok: true, latencyMs: 1 }, policyOf(name), first, runtime()).kind).toBe('delivered');
    }
  });

  it('does not come for an answer without a status: it is as good as none', () => {
    const result: AttemptResult = { ok: false, failure: 'response', latencyMs: 1, reason: 'unreadable' };
    for (const name of presetNames) expect(decide(result, policyOf(name), first, runtime()).kind).toBe('retry');
  });
});

describe('the schedule', () => {
  it('is the one of the preset', () => {
    expect(delayOf(answered(500), 1, 0.5, policyOf('eventgrid'))).toBe(10_000);
    expect(delayOf(answered(500), 2, 0.5, policyOf('svix'))).toBe(300_000);
    expect(delayOf(answered(500), 9, 0.5, policyOf('standard-webhooks'))).toBe(86_400_000);
    expect(delayOf(answered(500), 1, 0.5, policyOf('knative'))).toBe(400);
    expect(delayOf(answered(500), 3, 0.999, policy)).toBe(19_980);
  });

  it('is the one of the policy where it has its own', () => {
    const own = { ...policyOf('knative'), backoff: { kind: 'linear', delaySeconds: 3 } } as const;
    expect([1, 2, 3].map((attempt) => delayOf(answered(500), attempt, 0.9, own))).toEqual([3_000, 6_000, 9_000]);
  });

  it('also has waits for a kind that is not known, as a snapshot of another version may have', () => {
    const own = { ...policy, backoff: { kind: 'later' } as never };
    expect(delayOf(answered(500), 1, 0.5, own)).toBe(60_000);
  });

  it.each([
    ['svix', 1.2],
    ['standard-webhooks', 1.2],
  ] as const)('of %s ends by its attempts, not by the age, at its longest', (name, spread) => {
    const { backoff, policy: limits } = presets[name];
    if (backoff.kind !== 'schedule') throw new Error(backoff.kind);
    const longest = backoff.seconds.reduce((sum, seconds) => sum + seconds * spread, 0);
    expect(backoff.seconds).toHaveLength(limits.maxAttempts - 1);
    expect(longest + limits.maxAttempts * 30).toBeLessThan(limits.maxAgeSeconds);
  });

  it('of standard-webhooks takes 75:35:05', () => {
    const { backoff } = presets['standard-webhooks'];
    if (backoff.kind !== 'schedule') throw new Error(backoff.kind);
    expect(backoff.seconds.reduce((sum, seconds) => sum + seconds, 0)).toBe(75 * 3_600 + 35 * 60 + 5);
  });
});

describe('Retry-After', () => {
  it('lengthens the wait on 429 and 503, never shortens it', () => {
    for (const code of [429, 503]) {
      expect(delayOf(answered(code, { retryAfterMs: 60_000 }), 1, 0.5, policy)).toBe(60_000);
      expect(delayOf(answered(code, { retryAfterMs: 100 }), 1, 0.5, policy)).toBe(2500);
    }
  });

  it('says nothing with another status', () => {
    expect(delayOf(answered(500, { retryAfterMs: 60_000 }), 1, 0.5, policy)).toBe(2500);
  });

  it('is capped as the preset or the policy says', () => {
    const ages = { maxAgeSeconds: 2_592_000 };
    // The target as a whole rests for an hour at most, then one delivery asks again.
    const slowed = answered(429, { retryAfterMs: 1e12 });
    expect(
      decide(slowed, policyOf('default'), { attempt: 1, acceptedAt: 0 }, { now: () => 0, random: () => 0.5 }),
    ).toEqual({
      kind: 'retry',
      delayMs: 86_400_000,
      throttledMs: 3_600_000,
    });
    const asked = answered(503, { retryAfterMs: 1e12 });
    expect(delayOf(asked, 1, 0.5, { ...policy, ...ages })).toBe(86_400_000);
    expect(delayOf(asked, 1, 0.5, { ...policyOf('svix'), ...ages })).toBe(10_000);
    expect(delayOf(asked, 2, 0.5, { ...policyOf('svix'), ...ages })).toBe(600_000);
    expect(delayOf(asked, 1, 0.5, { ...policyOf('knative'), retryAfterMaxSeconds: 60 })).toBe(60_000);
    expect(delayOf(asked, 1, 0.5, { ...policyOf('knative'), retryAfterMaxSeconds: 0 })).toBe(400);
  });

  it('ends the delivery where it is negative and the preset is eventbridge', () => {
    const asked = answered(503, { refusesRetry: true });
    expect(decide(asked, policyOf('eventbridge'), first, runtime()).kind).toBe('dead');
    expect(decide(answered(500, { refusesRetry: true }), policyOf('eventbridge'), first, runtime()).kind).toBe('retry');
    for (const name of presetNames) {
      if (name !== 'eventbridge') expect(decide(asked, policyOf(name), first, runtime()).kind).toBe('retry');
    }
  });
});
