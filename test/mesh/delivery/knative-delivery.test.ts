import { describe, expect, it } from 'vitest';
import { effectiveDelivery, readKnativeDelivery } from '../../../mesh/delivery/knative-delivery.ts';

describe('a Knative delivery', () => {
  it('that says nothing means one attempt, and no Retry-After', () => {
    const { policy, timeoutSeconds } = readKnativeDelivery();
    expect(policy).toMatchObject({ preset: 'knative', maxAttempts: 1, retryAfterMaxSeconds: 0 });
    expect(timeoutSeconds).toBeUndefined();
  });

  it('counts retries, not attempts, and speaks ISO 8601', () => {
    const delivery = {
      retry: 5,
      backoffPolicy: 'linear',
      backoffDelay: 'PT2S',
      timeout: 'PT10S',
      retryAfterMax: 'PT1M',
    } as const;
    expect(readKnativeDelivery(delivery)).toEqual({
      policy: {
        preset: 'knative',
        maxAttempts: 6,
        maxAgeSeconds: 2_592_000,
        backoff: { kind: 'linear', delaySeconds: 2 },
        retryAfterMaxSeconds: 60,
      },
      timeoutSeconds: 10,
    });
  });

  it('without both a policy and a delay retries at once', () => {
    for (const half of [{ backoffPolicy: 'exponential' }, { backoffDelay: 'PT1S' }, {}] as const) {
      expect(readKnativeDelivery({ retry: 1, ...half }).policy.backoff).toEqual({ kind: 'linear', delaySeconds: 0 });
    }
  });

  it('names the member that cannot be read', () => {
    for (const member of ['backoffDelay', 'timeout', 'retryAfterMax']) {
      expect(() => readKnativeDelivery({ [member]: 'FOO' })).toThrow(
        expect.objectContaining({ code: 'resource_invalid', place: `/${member}` }) as Error,
      );
    }
  });

  it("of a Trigger replaces its Broker's as a whole", () => {
    expect(effectiveDelivery({}, { retry: 3 })).toEqual({});
    expect(effectiveDelivery(undefined, { retry: 3 })).toEqual({ retry: 3 });
    expect(effectiveDelivery(undefined, undefined)).toBeUndefined();
  });
});
