import type { Event } from './event.ts';
import { withAttributes } from './with-attributes.ts';

/**
 * The extension attribute with the name of the replay that delivers an event once more. What functions and targets make of
 * such an event has it as well, and no archive keeps what has it.
 */
export const replayAttribute = 'replayname';

export function isReplayed(event: Event): boolean {
  return event.attributes[replayAttribute] !== undefined;
}

/** The event with the mark that `cause` has, if it has one. */
export function withMarkOf(cause: Event, event: Event): Event {
  const mark = cause.attributes[replayAttribute];
  if (mark === undefined || event.attributes[replayAttribute] === mark) return event;
  return withAttributes(event, { [replayAttribute]: mark });
}
