import type { Preset } from '../preset.ts';

/**
 * As the open-source Svix server: everything but a 2xx is tried again by a schedule of seven waits ± 20 %, with no
 * special case for 410. `Retry-After` counts between one and two times the scheduled wait, and a time-out costs a
 * minute at least. The age leaves room for the longest that the schedule can become (33 h).
 */
export const svixPreset: Preset = {
  name: 'svix',
  responses: [
    { status: [200, 299], action: 'delivered' },
    { status: 429, action: 'retry', retryAfter: true },
    { status: 503, action: 'retry', retryAfter: true },
  ],
  failures: {
    timeout: { action: 'retry', atLeastSeconds: 60 },
    network: { action: 'retry', resend: true },
    refused: { action: 'dead' },
  },
  backoff: { kind: 'schedule', seconds: [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000], jitter: 0.2 },
  retryAfterMaxSeconds: 86_400,
  retryAfterMaxFactor: 2,
  timeoutSeconds: 30,
  policy: { maxAttempts: 8, maxAgeSeconds: 172_800 },
};
