import type { Runtime } from '../ports.ts';
import type { AttemptResult } from '../sink.ts';
import type { RetryPolicy } from '../snapshot.ts';
import { type Action, type Preset, defaultPreset, rowFor } from './presets.ts';

export type Decision =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'disabled'; readonly reason: string };

/** Travels with the message, so that every platform follows the same schedule. */
export interface AttemptState {
  /** The attempt that was just made, from 1. */
  readonly attempt: number;
  /** When the first attempt was made, in milliseconds since the epoch. */
  readonly firstAttemptAt: number;
}

/**
 * What comes after an attempt. A retry waits for the longer of the backoff and the target's `Retry-After`; one that
 * would come later than the policy's greatest age is not waited for.
 */
export function decide(
  result: AttemptResult,
  policy: RetryPolicy,
  state: AttemptState,
  runtime: Pick<Runtime, 'now' | 'random'>,
  preset: Preset = defaultPreset,
): Decision {
  if (result.ok) return { kind: 'delivered' };
  const row = result.code === undefined ? undefined : rowFor(preset, result.code);
  const action = result.failure === 'response' && row ? row.action : actionOf(result.failure, preset);
  if (action === 'delivered') return { kind: 'delivered' };
  if (action !== 'retry') return { kind: action, reason: row?.because ?? result.reason };
  if (state.attempt >= policy.maxAttempts) {
    return { kind: 'dead', reason: `all ${policy.maxAttempts} attempts failed; the last: ${result.reason}` };
  }
  const delayMs = delayOf(result, row?.retryAfter === true, state.attempt, runtime, preset);
  if (runtime.now() + delayMs > state.firstAttemptAt + policy.maxAgeSeconds * 1000) {
    return { kind: 'dead', reason: `no retry fits into ${policy.maxAgeSeconds} s; the last: ${result.reason}` };
  }
  return { kind: 'retry', delayMs };
}

/** The longest wait before the attempt that follows attempt `attempt`, in milliseconds; the real one is below it. */
export function backoffCeilingMs(attempt: number, preset: Preset = defaultPreset): number {
  const { baseSeconds, capSeconds } = preset.backoff;
  return Math.min(capSeconds, baseSeconds * 2 ** (attempt - 1)) * 1000;
}

function actionOf(failure: 'response' | 'timeout' | 'network' | 'refused', preset: Preset): Action {
  // A `response` without a status is no answer that one could read: the network's fault.
  return preset.failures[failure === 'response' ? 'network' : failure];
}

function delayOf(
  result: { readonly retryAfterMs?: number },
  obey: boolean,
  attempt: number,
  runtime: Pick<Runtime, 'random'>,
  preset: Preset,
): number {
  const backoff = Math.floor(runtime.random() * backoffCeilingMs(attempt, preset));
  if (!obey || result.retryAfterMs === undefined) return backoff;
  return Math.max(backoff, Math.min(result.retryAfterMs, preset.retryAfterMaxSeconds * 1000));
}
