import type { Preset } from '../preset.ts';

/**
 * As Standard Webhooks recommends: everything but a 2xx is tried again, ten attempts over 75:35:05; 410 disables. It
 * asks for some jitter without saying how much, and for a time-out of 15 to 30 s. The age leaves room for the longest
 * that the schedule can become (91 h).
 */
export const standardWebhooksPreset: Preset = {
  name: 'standard-webhooks',
  responses: [
    { status: [200, 299], action: 'delivered' },
    { status: 410, action: 'disabled', disables: true, because: 'the target is gone and asks for no more events' },
    { status: 429, action: 'retry', retryAfter: true, throttles: true },
    { status: 502, action: 'retry', throttles: true },
    { status: 503, action: 'retry', retryAfter: true },
    { status: 504, action: 'retry', throttles: true },
  ],
  failures: { timeout: { action: 'retry' }, network: { action: 'retry' }, refused: { action: 'dead' } },
  backoff: {
    kind: 'schedule',
    seconds: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
    jitter: 0.2,
  },
  retryAfterMaxSeconds: 86_400,
  timeoutSeconds: 20,
  policy: { maxAttempts: 10, maxAgeSeconds: 345_600 },
};
