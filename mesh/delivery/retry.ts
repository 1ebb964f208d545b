import type { Runtime } from '../ports/runtime.ts';
import type { AttemptResult } from '../sink.ts';
import type { RetryPolicy } from '../snapshot.ts';
import { nominalWaitMs, waitMs } from './backoff.ts';
import { type Handling, type Preset, rowFor } from './preset.ts';
import { presetOf } from './presets.ts';

export type Decision = Outcome & {
  /** The target asks to be slowed down; nothing is to be sent to it for so many milliseconds. */
  readonly throttledMs?: number;
};

type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly reason: string; readonly exhausted?: Exhausted; readonly disables?: true }
  | { readonly kind: 'disabled'; readonly reason: string; readonly disables?: true };

/** The limit of the policy that ended a delivery which would have been tried again. */
export type Exhausted = 'attempts' | 'age';

/** Travels with the message, so that every platform follows the same schedule. */
export interface AttemptState {
  /** The attempt that was just made, from 1. */
  readonly attempt: number;
  /**
   * When the mesh accepted the event, in milliseconds since the epoch: the age of a delivery counts from here, in every
   * preset. The first attempt follows at once, unless the mesh is behind; then the time in the queue counts as well.
   */
  readonly acceptedAt: number;
}

/**
 * What comes after an attempt, as the policy's preset says. A retry waits for the longer of the backoff and the
 * target's `Retry-After`; one that would come later than the policy's greatest age is not waited for.
 */
export function decide(
  result: AttemptResult,
  policy: RetryPolicy,
  state: AttemptState,
  runtime: Pick<Runtime, 'now' | 'random'>,
): Decision {
  const preset = presetOf(policy);
  const handling = handlingOf(result, preset);
  const asked = result.ok || !handling.retryAfter ? undefined : result.retryAfterMs;
  const askedMs = asked === undefined ? 0 : Math.min(asked, retryAfterMaxMs(policy, preset, state.attempt));
  const outcome = outcomeOf(result, policy, state, runtime, handling, askedMs);
  return handling.throttles ? { ...outcome, throttledMs: Math.min(askedMs, restMaxMs) } : outcome;
}

/** One answer, perhaps a slip (`Retry-After: 1000000000`), does not stop a target for longer: then one delivery asks again. */
const restMaxMs = 3_600_000;

function outcomeOf(
  result: AttemptResult,
  policy: RetryPolicy,
  state: AttemptState,
  runtime: Pick<Runtime, 'now' | 'random'>,
  handling: Handling,
  askedMs: number,
): Outcome {
  if (handling.action === 'delivered') return { kind: 'delivered' };
  const said = result.ok ? `the target answered ${result.code}` : result.reason;
  if (handling.action !== 'retry') {
    const reason = handling.because === undefined ? said : `${handling.because}; ${said}`;
    return { kind: handling.action, reason, ...(handling.disables ? { disables: true } : {}) };
  }
  if (!result.ok && result.refusesRetry && handling.retryAfter && presetOf(policy).negativeRetryAfterStops) {
    return { kind: 'dead', reason: `a negative Retry-After asks for no retry; ${said}` };
  }
  if (state.attempt >= policy.maxAttempts) {
    const reason = `all ${policy.maxAttempts} attempts failed; the last: ${said}`;
    return { kind: 'dead', reason, exhausted: 'attempts' };
  }
  const delayMs = Math.max(
    waitMs(backoffOf(policy), state.attempt, runtime.random()),
    (handling.atLeastSeconds ?? 0) * 1000,
    askedMs,
  );
  if (isTooLate(runtime.now() + delayMs, policy, state)) {
    const reason = `no retry fits into ${policy.maxAgeSeconds} s; the last: ${said}`;
    return { kind: 'dead', reason, exhausted: 'age' };
  }
  return { kind: 'retry', delayMs };
}

/** Whether a retry at `at` would come after the policy's greatest age. */
export function isTooLate(at: number, policy: RetryPolicy, { acceptedAt }: Pick<AttemptState, 'acceptedAt'>): boolean {
  return at > acceptedAt + policy.maxAgeSeconds * 1000;
}

function handlingOf(result: AttemptResult, preset: Preset): Handling {
  const { code } = result;
  // Not every 2xx is a success: Event Grid knows five.
  if (result.ok) return code === undefined ? { action: 'delivered' } : rowFor(preset, code);
  if (result.failure !== 'response') return preset.failures[result.failure];
  // A response without a status is no answer that one could read: the network's fault.
  return code === undefined ? preset.failures.network : rowFor(preset, code);
}

function backoffOf(policy: RetryPolicy): Preset['backoff'] {
  return policy.backoff ?? presetOf(policy).backoff;
}

function retryAfterMaxMs(policy: RetryPolicy, preset: Preset, attempt: number): number {
  const maxMs = (policy.retryAfterMaxSeconds ?? preset.retryAfterMaxSeconds) * 1000;
  const { retryAfterMaxFactor } = preset;
  if (retryAfterMaxFactor === undefined) return maxMs;
  return Math.min(maxMs, retryAfterMaxFactor * nominalWaitMs(backoffOf(policy), attempt));
}
