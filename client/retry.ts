import type { TulleRequestError } from './error.ts';

export interface RetryOptions {
  /** All together; 1 never repeats. */
  readonly attempts: number;
  /** The first pause is up to this, each one after it up to twice as long. */
  readonly baseMs: number;
  /** No pause is longer. A Retry-After beyond it ends the attempts. */
  readonly longestMs: number;
}

/** 429 and 503 did nothing. After no answer, or another 5xx, only what may be done twice is done again. */
export function isRetried({ status, code }: TulleRequestError, idempotent: boolean): boolean {
  // The event is durable: nothing is to be sent again.
  if (code === 'reply_missing' || code === 'reply_late') return false;
  // Says what the operator has to mend, and nothing gets better by itself.
  if (code === 'credential_unavailable') return false;
  if (status === 429 || status === 503) return true;
  return idempotent && (status === 0 || status >= 500);
}

/**
 * Full jitter, so that publishers who failed together do not come back together; never before `retryAfter` (seconds).
 * `undefined`: that is too far away to wait for.
 */
export function retryDelayMs(
  { baseMs, longestMs }: RetryOptions,
  made: number,
  retryAfter = 0,
  random: () => number = Math.random,
): number | undefined {
  if (retryAfter * 1_000 > longestMs) return undefined;
  const jitter = random() * Math.min(longestMs, baseMs * 2 ** (made - 1));
  return retryAfter * 1_000 + jitter;
}
