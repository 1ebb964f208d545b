import type { AttributeValue } from './event.ts';
import { ESCAPED_KEY, ESCAPED_VALUE, ESCAPES, KEY_END, KEY_START, VALUE_END, VALUE_START } from './json-scan.ts';
import { LOWER_F, LOWER_N, LOWER_T, OPEN_BRACE, OPEN_BRACKET, QUOTE, unescaped } from './json-tokens.ts';

/** A member's name, from the scan's `members` at `m`. */
export function memberName(text: string, members: readonly number[], m: number): string {
  const start = members[m + KEY_START]!;
  const end = members[m + KEY_END]!;
  if ((members[m + ESCAPES]! & ESCAPED_KEY) !== 0) return unescaped(text, start, end);
  const known = knownName(end - start, text.charCodeAt(start + 1));
  return known.length === end - start && text.startsWith(known, start) ? known : text.slice(start, end);
}

/** A member's value as an attribute: `undefined` for arrays and objects, NaN for what is not written as an integer. */
export function memberValue(text: string, members: readonly number[], m: number): AttributeValue | null | undefined {
  const start = members[m + VALUE_START]!;
  const end = members[m + VALUE_END]!;
  switch (text.charCodeAt(start)) {
    case QUOTE:
      if ((members[m + ESCAPES]! & ESCAPED_VALUE) === 0) return text.slice(start + 1, end - 1);
      return unescaped(text, start + 1, end - 1);
    case OPEN_BRACE:
    case OPEN_BRACKET:
      return undefined;
    case LOWER_T:
      return true;
    case LOWER_F:
      return false;
    case LOWER_N:
      return null;
    default: {
      const digits = text.slice(start, end);
      // An Integer has no fraction and no exponent, not even `.0` (JSON format, section 2.2).
      return /[.eE]/.test(digits) ? Number.NaN : Number(digits);
    }
  }
}

const LOWER_A = 97;
const LOWER_Y = 121;

/**
 * The one name of the spec that a member of this length and second letter can have. To take it from here saves V8 the
 * making and interning of a string.
 */
function knownName(length: number, secondLetter: number): string {
  switch (length) {
    case 2:
      return 'id';
    case 4:
      return secondLetter === LOWER_A ? 'data' : secondLetter === LOWER_Y ? 'type' : 'time';
    case 6:
      return 'source';
    case 7:
      return 'subject';
    case 10:
      return 'dataschema';
    case 11:
      return secondLetter === LOWER_A ? 'data_base64' : 'specversion';
    case 15:
      return 'datacontenttype';
    default:
      return '';
  }
}
