import type { Preset } from '../preset.ts';

/**
 * As Azure Event Grid calls webhooks: only 200 to 204 are a success, 400, 401, 403 and 413 end at once, and everything
 * else is tried again by a fixed schedule for 24 hours or 30 attempts. "A small randomization" is all that is said of
 * its jitter.
 */
export const eventgridPreset: Preset = {
  name: 'eventgrid',
  responses: [
    { status: [200, 204], action: 'delivered' },
    { status: 400, action: 'dead', because: 'the target calls the request wrong' },
    { status: 401, action: 'dead', because: 'the target does not take the credentials' },
    { status: 403, action: 'dead', because: 'the target forbids the request' },
    { status: 408, action: 'retry', atLeastSeconds: 120 },
    { status: 413, action: 'dead', because: 'the event is too large for the target' },
    { status: 503, action: 'retry', atLeastSeconds: 30 },
  ],
  failures: { timeout: { action: 'retry' }, network: { action: 'retry' }, refused: { action: 'dead' } },
  backoff: {
    kind: 'schedule',
    seconds: [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200],
    jitter: 0.1,
  },
  retryAfterMaxSeconds: 0,
  timeoutSeconds: 30,
  policy: { maxAttempts: 30, maxAgeSeconds: 86_400 },
};
