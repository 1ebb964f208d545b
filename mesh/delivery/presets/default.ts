import type { Preset } from '../preset.ts';

/**
 * The preset of a target that names none. Only what cannot get better by itself ends at once: a redirect (never
 * followed), a body that the target calls wrong, and 410, which is how a receiver signs off.
 *
 * With 24 attempts the waits add up to about 65 h on average, so that the age of 3 days is what ends most deliveries.
 */
export const defaultPreset: Preset = {
  name: 'default',
  responses: [
    { status: [200, 299], action: 'delivered' },
    { status: [300, 399], action: 'dead', because: 'redirects are not followed: configure the new address' },
    { status: 400, action: 'dead', because: 'the target calls the request wrong' },
    { status: 410, action: 'dead', disables: true, because: 'the target is gone and asks for no more events' },
    { status: 413, action: 'dead', because: 'the event is too large for the target' },
    { status: 415, action: 'dead', because: 'the target does not take this content type' },
    { status: 422, action: 'dead', because: 'the target cannot process the content' },
    { status: 429, action: 'retry', retryAfter: true, throttles: true },
    { status: 502, action: 'retry', throttles: true },
    { status: 503, action: 'retry', retryAfter: true },
    { status: 504, action: 'retry', throttles: true },
  ],
  failures: { timeout: { action: 'retry' }, network: { action: 'retry' }, refused: { action: 'dead' } },
  backoff: { kind: 'full-jitter', baseSeconds: 5, capSeconds: 43_200 },
  retryAfterMaxSeconds: 86_400,
  timeoutSeconds: 15,
  policy: { maxAttempts: 24, maxAgeSeconds: 259_200 },
};
