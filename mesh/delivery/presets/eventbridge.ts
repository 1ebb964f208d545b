import type { Preset } from '../preset.ts';

/**
 * As Amazon EventBridge calls API destinations: 401, 407, 409, 429 and 5xx are tried again, everything else is not; 24
 * hours or 185 retries, exponential with jitter. AWS names no base and no cap: with these the waits of 185 retries add
 * up to 22 h on average.
 */
export const eventbridgePreset: Preset = {
  name: 'eventbridge',
  responses: [
    { status: [200, 299], action: 'delivered' },
    { status: [300, 399], action: 'dead', because: 'redirects are not followed: configure the new address' },
    { status: 401, action: 'retry' },
    { status: 407, action: 'retry' },
    { status: 409, action: 'retry' },
    { status: 429, action: 'retry', retryAfter: true },
    { status: [400, 499], action: 'dead', because: 'EventBridge tries no other 4xx again' },
    { status: 503, action: 'retry', retryAfter: true },
  ],
  failures: { timeout: { action: 'retry' }, network: { action: 'retry' }, refused: { action: 'dead' } },
  backoff: { kind: 'full-jitter', baseSeconds: 2, capSeconds: 900 },
  retryAfterMaxSeconds: 86_400,
  negativeRetryAfterStops: true,
  timeoutSeconds: 5,
  policy: { maxAttempts: 186, maxAgeSeconds: 86_400 },
};
