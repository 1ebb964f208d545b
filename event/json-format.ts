import { checkAttribute, checkName, checkRequired, memberPlace } from './attributes.ts';
import { isBase64 } from './base64.ts';
import { TulleError } from './error.ts';
import type { ErrorItem } from './error.ts';
import type { Attributes, AttributeValue, DataSpan, Event } from './event.ts';
import { memberName, memberValue } from './json-members.ts';
import { endOfArray, endOfText, memberWidth, newScan, scanJson, VALUE_END, VALUE_START } from './json-scan.ts';
import { OPEN_BRACE, skipSpace } from './json-tokens.ts';
import { parseJson } from './parse-json.ts';

/** A batch that is refused lists at most this many of its faulty items. */
export const maxListedItems = 100;

/**
 * Reads one CloudEvent from its JSON format, strictly. White space around the object is not part of the event.
 * @throws TulleError `json_invalid`, `event_invalid`
 */
export function fromJson(text: string): Event {
  scanJson(text, 0, scan);
  endOfText(text, scan.end);
  return scannedEvent(text, skipSpace(text, 0, text.length));
}

/**
 * Reads a JSON array of CloudEvents; `[]` is valid. One fault refuses the whole batch.
 * @throws TulleError `json_invalid`; `batch_invalid`, whose `errors` list the faulty items by place, such as `/3/time`;
 * `too_large` for more than `maxEvents`, which ends the reading there
 */
export function batchFromJson(text: string, maxEvents = Number.POSITIVE_INFINITY): Event[] {
  const length = text.length;
  const events: Event[] = [];
  const errors: ErrorItem[] = [];
  let special = -1;
  let at = skipSpace(text, 0, length);
  if (text.charAt(at) !== '[') {
    scanJson(text, 0, scan);
    throw new TulleError('batch_invalid', 'The batch is not a JSON array', {
      place: '',
      mend: 'Send [event, event, …].',
    });
  }
  at = skipSpace(text, at + 1, length);
  if (text.charAt(at) === ']') {
    endOfText(text, at + 1);
    return events;
  }
  for (let index = 0; ; index++) {
    if (index === maxEvents) throw tooMany(maxEvents);
    const start = skipSpace(text, at, length);
    scanJson(text, start, scan, 0, special);
    special = scan.special;
    const end = scan.end;
    try {
      if (errors.length < maxListedItems) events.push(scannedEvent(text, start));
    } catch (error) {
      if (!TulleError.is(error)) throw error;
      errors.push({ ...error.toItem(), place: `/${index}${error.place ?? ''}` });
    }
    at = skipSpace(text, end, length);
    if (text.charAt(at) === ',') at++;
    else break;
  }
  endOfArray(text, at);
  if (errors.length > 0) throw batchInvalid(errors);
  return events;
}

/**
 * Reads an event that was accepted before and stored: nothing is checked again, and the data is skipped by its span.
 * `duplicateKeys` is not known without a scan: `true` is the safe answer, unless it was stored too.
 */
export function readEvent(json: string, data: DataSpan | undefined, duplicateKeys = true): Event {
  const head = data === undefined ? json : `${json.slice(0, data.start)}null${json.slice(data.end)}`;
  const members = parseJson(head) as Record<string, AttributeValue | null>;
  const attributes = Object.create(null) as Record<string, AttributeValue>;
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value !== null && value !== undefined && name !== 'data' && name !== 'data_base64') attributes[name] = value;
  }
  return { json, attributes: attributes as Attributes, data, duplicateKeys };
}

// One scan runs at a time, and its findings are read before the next.
const scan = newScan();

/** The event whose object begins at `start` and was scanned last. */
function scannedEvent(text: string, start: number): Event {
  if (text.charCodeAt(start) !== OPEN_BRACE) {
    throw new TulleError('event_invalid', 'The event is not a JSON object', {
      place: '',
      mend: 'Send an object such as {"specversion":"1.0","id":"1","source":"/orders","type":"order.created"}.',
    });
  }
  const members = scan.members;
  const attributes = Object.create(null) as Record<string, AttributeValue>;
  let data: DataSpan | undefined;
  if (scan.duplicateMember >= 0) throw duplicate(memberName(text, members, scan.duplicateMember));
  for (let m = 0; m < scan.length; m += memberWidth) {
    const name = memberName(text, members, m);
    if (name === 'data' || name === 'data_base64') {
      if (name === 'data_base64' && !isBase64Member(text, members, m)) continue;
      if (data !== undefined) throw bothData();
      data = { member: name, start: members[m + VALUE_START]! - start, end: members[m + VALUE_END]! - start };
    } else {
      const value = memberValue(text, members, m);
      if (value === null) checkName(name, memberPlace);
      else attributes[name] = checkAttribute(name, value, memberPlace);
    }
  }
  checkRequired(attributes, memberPlace);
  const json = start === 0 && scan.end === text.length ? text : text.slice(start, scan.end);
  return { json, attributes: attributes as Attributes, data, duplicateKeys: scan.duplicateKeys };
}

/** Answers false for `null`, which counts as absent. @throws TulleError `event_invalid` */
function isBase64Member(text: string, members: readonly number[], m: number): boolean {
  const value = memberValue(text, members, m);
  if (value === null) return false;
  if (typeof value === 'string' && isBase64(value)) return true;
  throw new TulleError('event_invalid', 'data_base64 is not a base64 string', {
    place: '/data_base64',
    mend: 'Encode the bytes as RFC 4648 base64 with padding, or send text as data.',
  });
}

function bothData(): TulleError {
  return new TulleError('event_invalid', 'The event has both data and data_base64', {
    place: '/data_base64',
    mend: 'Send one of the two.',
  });
}

function duplicate(name: string): TulleError {
  return new TulleError('event_invalid', 'The event names a member twice', {
    place: memberPlace(name),
    mend: 'Send every member once.',
  });
}

function tooMany(maxEvents: number): TulleError {
  return new TulleError('too_large', `The batch has more than ${maxEvents} events`, {
    place: `/${maxEvents}`,
    mend: 'Send them in several batches.',
  });
}

function batchInvalid(errors: readonly ErrorItem[]): TulleError {
  const more = errors.length === maxListedItems ? ' or more' : '';
  return new TulleError('batch_invalid', `${errors.length}${more} of the batch's events are not valid`, {
    place: errors[0]!.place!,
    mend: 'Mend or leave out the events that are listed; none of the batch was accepted.',
    errors,
  });
}
