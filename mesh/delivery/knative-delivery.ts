import { TulleError } from '../../event/error.ts';
import type { RetryPolicy } from '../snapshot.ts';
import { parseIsoDuration } from './iso-duration.ts';
import { knativePreset } from './presets/knative.ts';

/** The `delivery` of a Knative Broker, Trigger, Channel or Subscription, as far as it is about retries. */
export interface KnativeDelivery {
  /** Attempts after the first one. */
  readonly retry?: number;
  readonly backoffPolicy?: 'linear' | 'exponential';
  /** This and the next two are ISO 8601 durations. */
  readonly backoffDelay?: string;
  readonly timeout?: string;
  readonly retryAfterMax?: string;
}

export interface KnativeRetry {
  readonly policy: RetryPolicy;
  /** How long an attempt may take; absent for what the preset has. */
  readonly timeoutSeconds?: number;
}

/** A Trigger's delivery replaces its Broker's as a whole, also where it is empty. */
export function effectiveDelivery<Delivery extends KnativeDelivery>(
  trigger: Delivery | undefined,
  broker: Delivery | undefined,
): Delivery | undefined {
  return trigger ?? broker;
}

/**
 * The retry policy that a Knative delivery means: one attempt where it says nothing, and `Retry-After` only where
 * `retryAfterMax` is above zero, as in Knative.
 * @throws TulleError `resource_invalid` with the place of a member that cannot be read
 */
export function readKnativeDelivery(delivery: KnativeDelivery = {}): KnativeRetry {
  const { retry = 0, backoffPolicy, backoffDelay, timeout, retryAfterMax } = delivery;
  const delaySeconds = readDuration(backoffDelay, 'backoffDelay');
  const timeoutSeconds = readDuration(timeout, 'timeout');
  const retryAfterMaxSeconds = readDuration(retryAfterMax, 'retryAfterMax') ?? 0;
  const isWaiting = backoffPolicy !== undefined && delaySeconds !== undefined;
  return {
    policy: {
      preset: knativePreset.name,
      maxAttempts: retry + 1,
      maxAgeSeconds: knativePreset.policy.maxAgeSeconds,
      backoff: isWaiting ? { kind: backoffPolicy, delaySeconds } : { kind: 'linear', delaySeconds: 0 },
      retryAfterMaxSeconds,
    },
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

function readDuration(text: string | undefined, member: string): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseIsoDuration(text);
  if (seconds !== undefined) return seconds;
  throw new TulleError('resource_invalid', `${member} is not an ISO 8601 duration.`, {
    place: `/${member}`,
    mend: 'Write a duration such as PT2.5S or PT1H.',
  });
}
