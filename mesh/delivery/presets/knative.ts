import type { Preset } from '../preset.ts';

/**
 * As a Knative Broker delivers (specs/eventing/data-plane.md): 404, 408, 409, 429 and 5xx are tried again. Attempts and
 * backoff are those of Knative's default Broker: 10 retries, exponential from PT0.2S. Knative knows neither an age (here:
 * the greatest that there is) nor a time-out of its own. The spec has `Retry-After` obeyed where a delivery says up to
 * how long; a target that does not say has a day.
 */
export const knativePreset: Preset = {
  name: 'knative',
  responses: [
    { status: [200, 299], action: 'delivered' },
    { status: 404, action: 'retry' },
    { status: 408, action: 'retry' },
    { status: 409, action: 'retry' },
    { status: 429, action: 'retry', retryAfter: true },
    { status: [100, 199], action: 'dead', because: 'the spec has no 1xx tried again' },
    { status: [300, 399], action: 'dead', because: 'redirects are not followed: configure the new address' },
    { status: [400, 499], action: 'dead', because: 'the spec has no other 4xx tried again' },
    { status: 503, action: 'retry', retryAfter: true },
  ],
  failures: { timeout: { action: 'retry' }, network: { action: 'retry' }, refused: { action: 'dead' } },
  backoff: { kind: 'exponential', delaySeconds: 0.2 },
  retryAfterMaxSeconds: 86_400,
  timeoutSeconds: 30,
  policy: { maxAttempts: 11, maxAgeSeconds: 2_592_000 },
};
