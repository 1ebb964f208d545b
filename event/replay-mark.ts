import type { Event } from './event.ts';

/**
 * The extension attribute with the name of the replay that delivers an event once more. What functions and targets make of
 * such an event has it as well, and no archive keeps what has it.
 */
export const replayAttribute = 'replayname';

export function isReplayed(event: Event): boolean {
  return event.attributes[replayAttribute] !== undefined;
}
