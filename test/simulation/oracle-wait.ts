import type { RetryPolicy } from '../../mesh/snapshot.ts';

/** The least that has to be waited after an attempt: written down once more, so that a slip in one place shows. */
export function waitAtLeastMs({ backoff }: RetryPolicy, attempt: number): number {
  if (backoff === undefined || backoff.kind === 'full-jitter') return 0;
  if (backoff.kind === 'linear') return backoff.delaySeconds * attempt * 1000;
  if (backoff.kind !== 'schedule') return backoff.delaySeconds * 2 ** attempt * 1000;
  const seconds = backoff.seconds[Math.min(attempt, backoff.seconds.length) - 1] ?? 0;
  return Math.floor(seconds * 1000 * (1 - backoff.jitter));
}

/** The most, with all the chance that there is. */
export function waitAtMostMs(policy: RetryPolicy, attempt: number): number {
  const { backoff } = policy;
  if (backoff?.kind === 'full-jitter') return Math.min(backoff.capSeconds, backoff.baseSeconds * 2 ** attempt) * 1000;
  return backoff?.kind === 'schedule'
    ? Math.max(...backoff.seconds) * 1000 * (1 + backoff.jitter)
    : waitAtLeastMs(policy, attempt);
}
