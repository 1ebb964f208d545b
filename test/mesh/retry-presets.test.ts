import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

const day = 86_400_000;

async function withRetry(retry: Record<string, unknown>, answer: Harness['answer']): Promise<Harness> {
  const harness = createHarness();
  harness.answer = answer;
  await withRule(harness, { targets: [{ name: 'crm', http: { url: 'https://crm.example.com/' }, retry }] });
  return harness;
}

/** Seconds between the attempts that a target sees until nothing is left to do. */
async function waitsOf(harness: Harness): Promise<number[]> {
  const times: number[] = [];
  const { answer } = harness;
  harness.answer = (request) => {
    times.push(harness.now);
    return answer(request);
  };
  await harness.publish(createEvent());
  await harness.drain(harness.now + 60 * day);
  return times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a target with a preset', () => {
  it.each([
    ['svix', [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000], 'attempts'],
    ['standard-webhooks', [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400], 'attempts'],
    ['eventgrid', [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200], 'age'],
    ['knative', [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8], 'attempts'],
  ])('%s is tried at its times, and ends by its %s', async (preset, waits, exhausted) => {
    const harness = await withRetry({ preset }, () => new Response('busy', { status: 500 }));
    expect(await waitsOf(harness)).toEqual(waits);
    expect(await harness.deliveries('status=dead-lettered')).toMatchObject([
      { attempt: waits.length + 1, code: 500, failure: 'response', exhausted },
    ]);
  });

  it('eventbridge is tried for a day', async () => {
    const harness = await withRetry({ preset: 'eventbridge' }, () => new Response(null, { status: 500 }));
    const waits = await waitsOf(harness);
    const seconds = waits.reduce((sum, wait) => sum + wait, 0);
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(waits.length).toBeLessThanOrEqual(185);
    expect(seconds).toBeGreaterThan(0.9 * 86_400);
    expect(seconds).toBeLessThanOrEqual(86_400);
  });

  it('eventgrid does not count every 2xx as a success', async () => {
    const harness = await withRetry({ preset: 'eventgrid' }, () => new Response(null, { status: 205 }));
    await harness.publish(createEvent());
    await harness.drain();
    expect(await harness.deliveries()).toMatchObject([{ status: 'retrying', code: 205 }]);
  });

  it('keeps what it says itself', async () => {
    const retry = {
      preset: 'knative',
      maxAttempts: 4,
      backoffPolicy: 'linear',
      backoffDelay: 'PT3S',
      retryAfterMax: 'PT20S',
    };
    const headers = { 'retry-after': '60' };
    let attempts = 0;
    const harness = await withRetry(retry, () => new Response(null, { status: ++attempts === 2 ? 503 : 500, headers }));
    expect(await waitsOf(harness)).toEqual([3, 20, 9]);
  });

  it.each([
    ['svix', 2],
    ['default', 1],
  ])('%s sends a request whose connection breaks %d times in an attempt', async (preset, times) => {
    const harness = await withRetry({ preset }, () => Promise.reject(new TypeError('fetch failed')));
    await harness.publish(createEvent());
    await harness.drain();
    expect(harness.received).toHaveLength(times);
    expect(await harness.deliveries()).toMatchObject([{ status: 'retrying', attempt: 1, failure: 'network' }]);
  });

  it('svix does not send again what broke late', async () => {
    const harness = await withRetry({ preset: 'svix' }, () => {
      harness.now += 1_000;
      return Promise.reject(new TypeError('fetch failed'));
    });
    await harness.publish(createEvent());
    await harness.drain();
    expect(harness.received).toHaveLength(1);
  });

  it('eventbridge is not tried again after a negative Retry-After', async () => {
    const headers = { 'retry-after': '-1' };
    const harness = await withRetry({ preset: 'eventbridge' }, () => new Response(null, { status: 429, headers }));
    expect(await waitsOf(harness)).toEqual([]);
    expect(await harness.deliveries()).toMatchObject([{ status: 'dead-lettered', code: 429 }]);
  });

  it('waits for an answer as long as the preset says', async () => {
    // A fetch that hangs ends with its signal, which a fake network does not see: a little later.
    const hang: Harness['answer'] = () =>
      new Promise((_, reject) => setTimeout(() => reject(new Error('aborted')), 5_001));
    const harness = await withRetry({ preset: 'eventbridge' }, hang);
    await harness.publish(createEvent());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const drained = harness.drain();
    await vi.advanceTimersByTimeAsync(5_010);
    await drained;
    expect(await harness.deliveries()).toMatchObject([
      { status: 'retrying', failure: 'timeout', reason: 'no answer within 5 s' },
    ]);
  });
});
