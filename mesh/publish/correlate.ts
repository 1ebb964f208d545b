import { withAttributes } from '../../event/with-attributes.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { AttemptResult } from '../sink.ts';

/**
 * A reply that a publisher waits for says to what it is one (CloudEvents extension `correlation`): `causationid` is the id of
 * the event, `correlationid` the event's own or else its id. What the target has set stays.
 */
export function correlate(result: AttemptResult, { event, receipt }: PlannedEvent): AttemptResult {
  if (receipt.wait?.reply !== true || !result.ok || result.reply === undefined) return result;
  const { id, correlationid = id } = event.attributes;
  const reply = result.reply.map((one) => withAttributes(one, { correlationid, causationid: id, ...one.attributes }));
  return { ...result, reply };
}
