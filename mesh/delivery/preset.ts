import type { RetryPolicy } from '../snapshot.ts';
import type { Backoff } from './backoff.ts';

/** What becomes of a delivery. */
export type Action = 'delivered' | 'retry' | 'dead' | 'disabled';

/** How one kind of target is retried: data, one file a preset in `presets/`. */
export interface Preset {
  readonly name: string;
  /** Read from the top: the first row that names the status decides; a status that no row names is retried. */
  readonly responses: readonly ResponseRow[];
  /**
   * Where no answer came. `network` includes TLS; `refused` is our own refusal to send: an address or a secret that
   * may not be used.
   */
  readonly failures: Readonly<Record<'timeout' | 'network' | 'refused', Handling>>;
  readonly backoff: Backoff;
  /** `Retry-After` is obeyed up to here. */
  readonly retryAfterMaxSeconds: number;
  /** … and up to this many times the wait that the backoff has for the attempt. */
  readonly retryAfterMaxFactor?: number;
  /** A negative `Retry-After` ends the delivery. */
  readonly negativeRetryAfterStops?: true;
  /** How long an attempt may take where the target does not say. */
  readonly timeoutSeconds: number;
  /** For targets that do not say themselves. */
  readonly policy: Pick<RetryPolicy, 'maxAttempts' | 'maxAgeSeconds'>;
}

export interface Handling {
  readonly action: Action;
  /** The answer's `Retry-After` is obeyed. */
  readonly retryAfter?: true;
  /** A request whose connection broke within a second is sent once more at once, as part of the same attempt. */
  readonly resend?: true;
  /** The target asks to be slowed down: all that goes to it waits for its `Retry-After`, where that is obeyed, and goes on at half the rate. */
  readonly throttles?: true;
  /** The target asks for no more events: it is sent none until somebody enables it again. */
  readonly disables?: true;
  /** No retry comes sooner. */
  readonly atLeastSeconds?: number;
  /** Why, for a reader; required for what ends a delivery that was not delivered. */
  readonly because?: string;
}

export interface ResponseRow extends Handling {
  /** One status, or the first and the last of a range. */
  readonly status: number | readonly [number, number];
}

/** A status that no row names is retried, because an end cannot be taken back. */
export function rowFor(preset: Preset, status: number): Handling {
  for (const row of preset.responses) {
    if (typeof row.status === 'number' ? row.status === status : status >= row.status[0] && status <= row.status[1]) {
      return row;
    }
  }
  return { action: 'retry' };
}
