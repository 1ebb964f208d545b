import type { RetryPolicy } from '../snapshot.ts';

/** What becomes of a delivery when the target answers so. */
export type Action = 'delivered' | 'retry' | 'dead' | 'disabled';

/** How one kind of target is retried: a table, read from the top; the first row that names the status decides. */
export interface Preset {
  readonly name: string;
  readonly responses: readonly ResponseRow[];
  /** Where no answer came. `refused` is our own refusal to send: an address or a secret that may not be used. */
  readonly failures: Readonly<Record<'timeout' | 'network' | 'refused', Action>>;
  readonly backoff: Backoff;
  /** `Retry-After` is obeyed up to here, in seconds. */
  readonly retryAfterMaxSeconds: number;
  /** For targets that do not say themselves. */
  readonly policy: RetryPolicy;
}

export interface ResponseRow {
  /** One status, or the first and the last of a range. */
  readonly status: number | readonly [number, number];
  readonly action: Action;
  /** The answer's `Retry-After` is obeyed. */
  readonly retryAfter?: true;
  /** Why, for a reader; required for what ends a delivery that was not delivered. */
  readonly because?: string;
}

/** Full jitter: a wait is uniform in [0, min(cap, base × 2^(attempt − 1))]. */
export interface Backoff {
  readonly baseSeconds: number;
  readonly capSeconds: number;
}

/**
 * The preset that a target has when it names none. Only what cannot get better by itself ends at once: a redirect
 * (never followed), a body that the target calls wrong, and 410, which is how a receiver signs off.
 *
 * With 24 attempts the waits add up to about 65 h on average, so that the age of 3 days is what ends most deliveries.
 */
export const defaultPreset: Preset = {
  name: 'default',
  responses: [
    { status: [200, 299], action: 'delivered' },
    { status: [300, 399], action: 'dead', because: 'redirects are not followed: configure the new address' },
    { status: 400, action: 'dead', because: 'the target calls the request wrong' },
    { status: 410, action: 'disabled', because: 'the target is gone and asks for no more events' },
    { status: 413, action: 'dead', because: 'the event is too large for the target' },
    { status: 415, action: 'dead', because: 'the target does not take this content type' },
    { status: 422, action: 'dead', because: 'the target cannot process the content' },
    { status: 429, action: 'retry', retryAfter: true },
    { status: 503, action: 'retry', retryAfter: true },
  ],
  failures: { timeout: 'retry', network: 'retry', refused: 'dead' },
  backoff: { baseSeconds: 5, capSeconds: 43_200 },
  retryAfterMaxSeconds: 86_400,
  policy: { maxAttempts: 24, maxAgeSeconds: 259_200 },
};

/** The row for a status; a status that no row names is retried, because an end cannot be taken back. */
export function rowFor(preset: Preset, status: number): ResponseRow {
  for (const row of preset.responses) {
    if (typeof row.status === 'number' ? row.status === status : status >= row.status[0] && status <= row.status[1]) {
      return row;
    }
  }
  return { status, action: 'retry' };
}
