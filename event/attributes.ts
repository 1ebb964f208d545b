import { TulleError } from './error.ts';
import type { AttributeValue } from './event.ts';

/** The spec asks for names of at most 20 characters (SHOULD); longer ones are taken up to here. */
export const maxNameLength = 64;

/** Says where an attribute stands: its JSON Pointer, or its header. */
export type PlaceOf = (name: string) => string;

export const memberPlace: PlaceOf = (name) =>
  `/${name
    .slice(0, maxNameLength + 1)
    .replaceAll('~', '~0')
    .replaceAll('/', '~1')}`;

/**
 * Checks one attribute that is present against CloudEvents 1.0 and answers it.
 * The value is what JSON.parse (or a header) gives: anything but a string, a boolean or a 32-bit integer is refused.
 * @throws TulleError `event_invalid`
 */
export function checkAttribute(name: string, value: unknown, placeOf: PlaceOf): AttributeValue {
  if (typeof value === 'string') {
    switch (name) {
      case 'id':
      case 'type':
      case 'subject':
        return checkText(name, value, placeOf);
      case 'source':
        if (!isUriReference(checkText(name, value, placeOf))) {
          throw invalid(
            name,
            'is not a URI-reference (RFC 3986)',
            'Percent-encode what a URI may not hold, or use a path such as "/orders".',
            placeOf,
          );
        }
        return value;
      case 'specversion':
        if (value !== '1.0')
          throw invalid(name, 'is not "1.0"', 'Send CloudEvents 1.0: "specversion": "1.0".', placeOf);
        return value;
      case 'time':
        if (!isTimestamp(value))
          throw invalid(name, 'is not an RFC 3339 timestamp', 'Write it like "2026-11-21T10:20:30Z".', placeOf);
        return value;
      case 'datacontenttype':
        if (!isMediaType(value))
          throw invalid(name, 'is not a media type (RFC 2046)', 'Write it like "application/json".', placeOf);
        return value;
      case 'dataschema':
        if (!hasScheme.test(value) || !isUriReference(value)) {
          throw invalid(
            name,
            'is not an absolute URI (RFC 3986)',
            'Write it like "https://example.com/schemas/order".',
            placeOf,
          );
        }
        return value;
      default:
        checkName(name, placeOf);
        if (hasForbiddenCharacter(value, forbiddenInExtension)) throw forbidden(name, placeOf);
        return value;
    }
  }
  checkName(name, placeOf);
  if (coreStrings.has(name)) {
    throw invalid(name, 'is not a string', 'Send it as a JSON string.', placeOf);
  }
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && (value | 0) === value) return value | 0;
  throw invalid(
    name,
    typeof value === 'number' ? 'is not a 32-bit integer' : 'is neither a string, a boolean nor an integer',
    'Send it as a string, or move it into the data.',
    placeOf,
  );
}

/** @throws TulleError `event_invalid` unless it is 1 to 64 lower-case letters and digits */
export function checkName(name: string, placeOf: PlaceOf): void {
  if (!isName(name)) {
    throw invalid(
      name,
      'is not a valid attribute name',
      `Use 1 to ${maxNameLength} lower-case letters and digits, or move it into the data.`,
      placeOf,
    );
  }
}

/** @throws TulleError `event_invalid` when a required attribute is missing */
export function checkRequired(attributes: Readonly<Record<string, AttributeValue>>, placeOf: PlaceOf): void {
  for (const name of required) {
    if (attributes[name] === undefined) {
      throw invalid(name, 'is missing', `Send the required attributes ${required.join(', ')}.`, placeOf);
    }
  }
}

/** `type/subtype` with parameters: printable ASCII throughout, so that it can go out as a Content-Type header. */
export function isMediaType(value: string): boolean {
  return mediaType.test(value);
}

/** Media types whose content is JSON: `*\/json` and `*\/*+json`, whatever the parameters. */
export function isJsonMediaType(value: string): boolean {
  const end = value.indexOf(';');
  const essence = (end < 0 ? value : value.slice(0, end)).trimEnd().toLowerCase();
  return essence.endsWith('/json') || essence.endsWith('+json');
}

const required = ['specversion', 'id', 'source', 'type'] as const;
const coreStrings: ReadonlySet<string> = new Set([...required, 'subject', 'time', 'datacontenttype', 'dataschema']);

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const mediaType = new RegExp(`^${token}/${token}[ \\t]*(?:;[ -~\\t]*)?$`);
const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const notInUri = /[^!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]|%(?![0-9A-Fa-f]{2})|#[^#]*#/;
const timestamp =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

// Strings hold no control characters, lone surrogates or noncharacters (CloudEvents 1.0, type system).
const forbiddenCharacter = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
// Events of the official conformance suite carry line breaks in extensions; a header percent-encodes them.
const forbiddenInExtension = /[^\P{Cc}\t\n\r]|[\p{Cs}\p{Noncharacter_Code_Point}]/u;

function isName(name: string): boolean {
  return /^[a-z0-9]{1,64}$/.test(name) && name !== 'data';
}

function checkText(name: string, value: string, placeOf: PlaceOf): string {
  if (value === '') throw invalid(name, 'is empty', name === 'subject' ? 'Leave it out.' : 'Give it a value.', placeOf);
  if (hasForbiddenCharacter(value, forbiddenCharacter)) throw forbidden(name, placeOf);
  return value;
}

function hasForbiddenCharacter(value: string, pattern: RegExp): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return pattern.test(value);
  }
  return false;
}

function isUriReference(value: string): boolean {
  return value !== '' && !notInUri.test(value);
}

function isTimestamp(value: string): boolean {
  const parts = timestamp.exec(value);
  if (parts === null) return false;
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(Number(parts[1]), month);
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function forbidden(name: string, placeOf: PlaceOf): TulleError {
  return invalid(
    name,
    'has a control character, a lone surrogate or a noncharacter',
    'Remove it, or move the text into the data.',
    placeOf,
  );
}

function invalid(name: string, what: string, mend: string, placeOf: PlaceOf): TulleError {
  return new TulleError('event_invalid', `The attribute ${name.slice(0, maxNameLength)} ${what}`, {
    place: placeOf(name),
    mend,
  });
}
