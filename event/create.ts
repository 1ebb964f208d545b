import { dataValue } from './data.ts';
import { TulleError } from './error.ts';
import type { Event } from './event.ts';
import { fromJson } from './json-format.ts';

/**
 * The event as an object in the shape of the JSON format, `data` as a JSON value or `data_base64` as a string.
 * The object has no prototype, and every call makes a new one; in the data `__proto__` is a key like any other.
 */
export function toObject(event: Event): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  Object.assign(object, event.attributes);
  if (event.data !== undefined) object[event.data.member] = dataValue(event);
  return object;
}

/**
 * An event from an object in the shape of the JSON format, checked like one that was sent.
 * Members that are `undefined`, and attributes that are `null`, are absent.
 * @throws TulleError `event_invalid`, also for what JSON cannot hold: cycles, BigInt, too many levels
 */
export function fromObject(object: unknown): Event {
  const text = serialize(object);
  if (text === undefined) throw notSerializable('The event is not an object');
  try {
    return fromJson(text);
  } catch (error) {
    if (TulleError.is(error) && error.code === 'json_invalid') throw notSerializable(error.message, error);
    throw error;
  }
}

function serialize(object: unknown): string | undefined {
  try {
    return JSON.stringify(object);
  } catch (error) {
    throw notSerializable('The event cannot be written as JSON', error);
  }
}

function notSerializable(message: string, cause?: unknown): TulleError {
  return new TulleError('event_invalid', message, {
    place: '',
    mend: 'Give an object with the CloudEvents attributes and JSON data: no cycles, no BigInt, at most 64 levels.',
    cause,
  });
}
