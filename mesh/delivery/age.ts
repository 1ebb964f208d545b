import type { PlannedEvent } from '../envelope.ts';
import type { Target } from '../snapshot.ts';
import { isTooLate } from './retry.ts';

/** Whether it is too late for an event: by its own attribute (CloudEvents extension `expirytime`), or by the target's `maxAge`. */
export function ageOf(
  { event, receipt }: PlannedEvent,
  { retry }: Target,
  now: number,
): 'fresh' | 'expired' | 'tooOld' {
  const expiry = event.attributes['expirytime'];
  // What is no time says nothing.
  if (typeof expiry === 'string' && Date.parse(expiry) <= now) return 'expired';
  return isTooLate(now, retry, { acceptedAt: receipt.at }) ? 'tooOld' : 'fresh';
}
