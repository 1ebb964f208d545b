import { fromObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { toPlainEvent } from './plain-value.ts';

/** The most that one call answers or publishes: the same as the steps of a rule leave. */
export const outputEventsLimit = 1_000;
export const outputBytesLimit = 4_194_304;
const eventBytesLimit = 1_048_576;

/** Counts how often an event went through `emit`; a function cannot take it off. */
export const hopsAttribute = 'tullehops';

/**
 * The events that a handler answered, checked: valid CloudEvents, not too many, not too large. `input` is the event that
 * it was given, from which missing members come.
 * @throws TulleError `step_failed` with the place in the answer, such as `/1/data/speed`
 */
export function toEvents(result: unknown, input: Event): readonly Event[] {
  if (result === null) return [];
  if (result === undefined) {
    throw new TulleError('step_failed', 'it answered nothing', {
      mend: 'Answer an event or several, or null to drop the event.',
    });
  }
  const several = Array.isArray(result);
  if (several) checkCount(result.length);
  // `Array.from`, because a hole is no event either.
  const answers: readonly unknown[] = several ? Array.from(result) : [result];
  const { id, source } = input.attributes;
  const hops = input.attributes[hopsAttribute];
  const events = answers.map((answer, index) => {
    const place = several ? `/${index}` : '';
    const object = toPlainEvent(answer, place);
    if (hops !== undefined) object[hopsAttribute] = hops;
    if (answers.length === 1) return inherit(object, input, id, place);
    // Source and id tell events apart: several that are named like the input are numbered.
    if (object['id'] === id && (object['source'] ?? source) === source) delete object['id'];
    return inherit(object, input, `${id}-${index + 1}`, place);
  });
  checkSize(events);
  return events;
}

/** An event from an answer; what it lacks of the required attributes comes from the input. @throws TulleError `step_failed` */
export function inherit(object: Record<string, unknown>, input: Event, id: string, place: string): Event {
  const { specversion, source, type } = input.attributes;
  object['specversion'] ??= specversion;
  object['id'] ??= id;
  object['source'] ??= source;
  object['type'] ??= type;
  try {
    return fromObject(object);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const { mend } = error;
    throw new TulleError('step_failed', `its answer is no valid event: ${error.message}`, {
      place: place + (error.place ?? ''),
      ...(mend === undefined ? {} : { mend }),
    });
  }
}

/** @throws TulleError `step_failed` */
export function checkCount(events: number): void {
  if (events <= outputEventsLimit) return;
  throw new TulleError('step_failed', `it answered more than ${outputEventsLimit} events`, {
    mend: 'Answer fewer events for one.',
  });
}

/** @throws TulleError `step_failed` */
export function checkSize(events: readonly Event[]): void {
  let total = 0;
  for (const { json } of events) {
    const bytes = utf8Length(json);
    total += bytes;
    if (bytes > eventBytesLimit || total > outputBytesLimit) {
      throw new TulleError(
        'step_failed',
        `its events take more than ${eventBytesLimit} bytes each, or ${outputBytesLimit} together`,
        {
          mend: 'Answer less data, or a reference to it (the dataref extension).',
        },
      );
    }
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
