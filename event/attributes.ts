import { isAbsoluteUri, isMediaType, isTimestamp, isUriReference } from './attribute-formats.ts';
import { TulleError } from './error.ts';
import type { AttributeValue } from './event.ts';

/** The spec asks for names of at most 20 characters (SHOULD); longer ones are taken up to here. */
export const maxNameLength = 64;

/** UTF-16 units of one string. Events of 64 KiB must pass every intermediary (CloudEvents 1.0, size limits). */
export const maxValueLength = 65_536;

/** Says where an attribute stands: its JSON Pointer, or its header. */
export type PlaceOf = (name: string) => string;

export const memberPlace: PlaceOf = (name) => `/${shortened(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/**
 * Checks one attribute that is present against CloudEvents 1.0 and answers it.
 * @param value what JSON.parse or a header gives: all but strings, booleans and 32-bit integers is refused
 * @throws TulleError `event_invalid`
 */
export function checkAttribute(name: string, value: unknown, placeOf: PlaceOf): AttributeValue {
  const fault = typeof value === 'string' ? stringFault(name, value) : otherFault(name, value);
  if (fault !== undefined) throw invalid(name, fault, placeOf);
  return typeof value === 'number' ? value | 0 : (value as AttributeValue);
}

/** @throws TulleError `event_invalid` unless `name` is 1 to 64 lower-case letters and digits, and not `data` */
export function checkName(name: string, placeOf: PlaceOf): void {
  if (!isName(name)) throw invalid(name, faults.name, placeOf);
}

/** @throws TulleError `event_invalid` when a required attribute is missing */
export function checkRequired(attributes: Readonly<Record<string, AttributeValue>>, placeOf: PlaceOf): void {
  for (const name of required) {
    if (attributes[name] === undefined) throw invalid(name, faults.missing, placeOf);
  }
}

const required = ['specversion', 'id', 'source', 'type'] as const;
const coreStrings: ReadonlySet<string> = new Set([...required, 'subject', 'time', 'datacontenttype', 'dataschema']);

interface Fault {
  readonly what: string;
  readonly mend: string;
}

const faults = {
  missing: { what: 'is missing', mend: `Send the required attributes ${required.join(', ')}.` },
  name: {
    what: 'has a name that is not allowed',
    mend: `Name it with 1 to ${maxNameLength} lower-case letters and digits, or move it into the data.`,
  },
  empty: { what: 'is empty', mend: 'Give it a value; leave it out if it is optional.' },
  long: { what: `is longer than ${maxValueLength} characters`, mend: 'Move the text into the data.' },
  characters: {
    what: 'has a control character, a lone surrogate or a noncharacter',
    mend: 'Remove it, or move the text into the data.',
  },
  specversion: { what: 'is not "1.0"', mend: 'Send CloudEvents 1.0: "specversion": "1.0".' },
  uriReference: {
    what: 'is not a URI-reference (RFC 3986)',
    mend: 'Percent-encode what a URI may not hold, or use a path such as "/orders".',
  },
  uri: { what: 'is not an absolute URI (RFC 3986)', mend: 'Write it like "https://example.com/schemas/order".' },
  time: { what: 'is not an RFC 3339 timestamp', mend: 'Write it like "2026-11-21T10:20:30Z".' },
  mediaType: { what: 'is not a media type (RFC 2046)', mend: 'Write it like "application/json".' },
  notString: { what: 'is not a string', mend: 'Send it as a string.' },
  number: { what: 'is not a 32-bit integer', mend: 'Send it as a string, or move it into the data.' },
  type: { what: 'is neither a string, a boolean nor an integer', mend: 'Move it into the data.' },
} as const satisfies Record<string, Fault>;

function stringFault(name: string, value: string): Fault | undefined {
  if (value.length > maxValueLength) return faults.long;
  switch (name) {
    case 'id':
    case 'type':
    case 'subject':
      if (value === '') return faults.empty;
      return forbidden.test(value) ? faults.characters : undefined;
    case 'source':
      if (value === '') return faults.empty;
      return isUriReference(value) ? undefined : faults.uriReference;
    case 'specversion':
      return value === '1.0' ? undefined : faults.specversion;
    case 'time':
      return isTimestamp(value) ? undefined : faults.time;
    case 'datacontenttype':
      return isMediaType(value) ? undefined : faults.mediaType;
    case 'dataschema':
      return isAbsoluteUri(value) ? undefined : faults.uri;
    default:
      if (!isName(name)) return faults.name;
      return forbiddenInExtension.test(value) ? faults.characters : undefined;
  }
}

function otherFault(name: string, value: unknown): Fault | undefined {
  if (!isName(name)) return faults.name;
  if (coreStrings.has(name)) return faults.notString;
  if (typeof value === 'boolean') return undefined;
  if (typeof value !== 'number') return faults.type;
  return (value | 0) === value ? undefined : faults.number;
}

// Strings hold no control characters, lone surrogates or noncharacters (CloudEvents 1.0, type system).
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
// Extensions may have line breaks and tabs: events of the official conformance suite do, and headers encode them.
const forbiddenInExtension = /[^\P{Cc}\t\n\r]|[\p{Cs}\p{Noncharacter_Code_Point}]/u;

function isName(name: string): boolean {
  if (name.length === 0 || name.length > maxNameLength || name === 'data') return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57))) return false;
  }
  return true;
}

function invalid(name: string, fault: Fault, placeOf: PlaceOf): TulleError {
  return new TulleError('event_invalid', `The attribute ${shortened(name)} ${fault.what}`, {
    place: placeOf(name),
    mend: fault.mend,
  });
}

function shortened(name: string): string {
  return name.slice(0, maxNameLength + 1).toWellFormed();
}
