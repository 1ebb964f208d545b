import { fromObject, toObject } from '../../event/create.ts';
import { dataText } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { CloudEventObject } from './define-transformer.ts';
import { type Exactness, isExact, parseExactly } from './exact-numbers.ts';
import { relocate } from './step-error.ts';

/** An event as the steps see it, with the numbers that are to be kept as `numberText` reads them. */
export function decodeEvent(event: Event, exactness: Exactness): CloudEventObject {
  const object = toObject(event);
  const text = event.data?.member === 'data' ? dataText(event) : undefined;
  if (text !== undefined && !isExact(text, exactness)) object['data'] = parseExactly(text, exactness);
  return object;
}

/** What `JSON.stringify` made of an event as the steps see it. */
export function parseObject(text: string, exactness: Exactness): CloudEventObject {
  const parsed = parseExactly(text, exactness) as CloudEventObject;
  return Object.assign(Object.create(null) as CloudEventObject, parsed);
}

/** @throws TulleError `step_failed` when the object is no valid event, or larger than one may be. */
export function encodeEvent(object: CloudEventObject): Event {
  let event: Event;
  try {
    event = fromObject(object);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw relocate(error, 'step_failed', `The steps left no valid event: ${error.message}`, '/steps');
  }
  if (isLarger(event.json, eventBytesLimit)) {
    throw new TulleError('step_failed', `The steps left an event of more than ${eventBytesLimit} bytes`, {
      place: '/steps',
      mend: 'Let the steps keep less of the event.',
    });
  }
  return event;
}

/** What leaves the steps is held to the same limit as what comes in. */
const eventBytesLimit = 1_048_576;

/** Whether a text is longer than so many bytes of UTF-8; encoded only where the length alone does not tell. */
function isLarger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}
