import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import { memberName } from '../../event/json-members.ts';
import { endOfText, memberWidth, newScan, scanJson, VALUE_END, VALUE_START } from '../../event/json-scan.ts';
import { decodeText, readBody } from '../protocols/body.ts';
import type { Limits } from '../protocols/protocol.ts';

/**
 * The event of a body `{ "event": { … } }`, by the rules for one that is published and with its own text, so that numbers
 * stay as they were written. `undefined` for no body, and for `{}`.
 * @throws TulleError `json_invalid`, `request_invalid`, `event_invalid`, `too_large`
 */
export async function readEditedEvent(request: Request, limits: Limits): Promise<Event | undefined> {
  const bytes = await readBody(request, limits.eventBytes + wrapperBytes, limits);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const text = decodeText(bytes);
  const json = memberOf(text, 'event');
  if (json === undefined) return undefined;
  if (new TextEncoder().encode(json).length > limits.eventBytes) {
    throw new TulleError('too_large', `The event is larger than ${limits.eventBytes} bytes`, {
      place: '/event',
      mend: 'Send less data, or a reference to it (the dataref extension).',
    });
  }
  try {
    return fromJson(json);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw new TulleError(error.code, error.message, {
      place: error.code === 'json_invalid' ? (error.place ?? '') : `/event${error.place ?? ''}`,
      ...(error.mend === undefined ? {} : { mend: error.mend }),
    });
  }
}

/** What may stand around the event. */
const wrapperBytes = 1_024;

function memberOf(text: string, wanted: string): string | undefined {
  const scan = newScan();
  // The object around the event is not one of its levels.
  scanJson(text, 0, scan, -1);
  endOfText(text, scan.end);
  let value: string | undefined;
  for (let member = 0; member < scan.length; member += memberWidth) {
    const name = memberName(text, scan.members, member);
    if (name !== wanted || value !== undefined) throw unknownBody(`/${name}`);
    value = text.slice(scan.members[member + VALUE_START], scan.members[member + VALUE_END]);
  }
  if (!text.trimStart().startsWith('{')) throw unknownBody('');
  return value;
}

function unknownBody(place: string): TulleError {
  return new TulleError('request_invalid', 'The body is not { "event": { … } }', {
    place,
    mend: 'Send { "event": { … } } to redrive an edited event, or no body to redrive the event as it is.',
  });
}
