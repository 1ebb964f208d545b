/** How long to wait after each failed attempt: plain data, so that a preset and a snapshot can carry it. */
export type Backoff =
  /** Uniform in [0, min(cap, base × 2^(attempt − 1))]: random waits keep many events from returning at one moment. */
  | { readonly kind: 'full-jitter'; readonly baseSeconds: number; readonly capSeconds: number }
  /** One wait an attempt, the last one again and again; each is spread by ± `jitter` of itself. */
  | { readonly kind: 'schedule'; readonly seconds: readonly number[]; readonly jitter: number }
  /** Knative's: delay × attempt, or delay × 2^attempt, without jitter. */
  | { readonly kind: 'linear' | 'exponential'; readonly delaySeconds: number };

/** What is waited after attempt `attempt` (from 1), in milliseconds; `chance` is uniform in [0, 1). */
export function waitMs(backoff: Backoff, attempt: number, chance: number): number {
  if (backoff.kind === 'full-jitter') return Math.floor(chance * nominalWaitMs(backoff, attempt));
  const nominal = nominalWaitMs(backoff, attempt);
  if (backoff.kind !== 'schedule') return nominal;
  return Math.round(nominal * (1 + backoff.jitter * (2 * chance - 1)));
}

/** The same without chance; for full jitter the most that can be waited. */
export function nominalWaitMs(backoff: Backoff, attempt: number): number {
  return Math.min(nominalSeconds(backoff, attempt), longestSeconds) * 1000;
}

function nominalSeconds(backoff: Backoff, attempt: number): number {
  switch (backoff.kind) {
    case 'full-jitter':
      return Math.min(backoff.capSeconds, backoff.baseSeconds * 2 ** (attempt - 1));
    case 'schedule':
      return backoff.seconds[Math.min(attempt, backoff.seconds.length) - 1] ?? 0;
    case 'linear':
      return backoff.delaySeconds * attempt;
    case 'exponential':
      return backoff.delaySeconds * 2 ** attempt;
    default:
      // A snapshot that a later version stored: better some wait than none.
      return fallbackSeconds;
  }
}

/** No event gets older than 30 days. */
const longestSeconds = 30 * 86_400;
const fallbackSeconds = 60;
