import { timestampToMs } from '../../event/timestamp.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { Target } from '../snapshot.ts';
import type { AttemptOptions } from './attempt.ts';
import type { Group, Item } from './group.ts';
import type { Journal } from './journal.ts';
import { isTooLate } from './retry.ts';

/**
 * Writes down the end of what is not to be sent, because its target wants no more or because it comes too late; whether it
 * did. To be asked whenever something had to wait.
 */
export function endsUnsent(
  group: Group,
  item: Item,
  { journal, signOffs, runtime }: Pick<AttemptOptions, 'journal' | 'signOffs' | 'runtime'>,
): boolean {
  return signOffs.ends(group, item, journal) || endsByAge(group, item, journal, runtime.now());
}

function endsByAge(group: Group, item: Item, journal: Journal, now: number): boolean {
  const age = ageOf(item.planned, group.target, now);
  if (age === 'expired') journal.expired(group, item);
  if (age === 'tooOld') journal.died(group, item, 'too old before an attempt could be made', 'age');
  return age !== 'fresh';
}

/** Whether it is too late for an event: by its own attribute (CloudEvents extension `expirytime`), or by the target's `maxAge`. */
function ageOf({ event, receipt }: PlannedEvent, { retry }: Target, now: number): 'fresh' | 'expired' | 'tooOld' {
  const expiry = event.attributes['expirytime'];
  // What is no time says nothing.
  if (typeof expiry === 'string' && timestampToMs(expiry) <= now) return 'expired';
  return isTooLate(now, retry, { acceptedAt: receipt.at }) ? 'tooOld' : 'fresh';
}
