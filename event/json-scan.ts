import { beginKeys, maxJsonDepth, repeatsKey } from './json-keys.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  codeAt,
  COLON,
  COMMA,
  invalidJson,
  LOWER_F,
  LOWER_N,
  LOWER_T,
  nextSpecial,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  scanLiteral,
  scanNumber,
  scanString,
  skipSpace,
  SPACE,
} from './json-tokens.ts';

/** What a scan found. The caller keeps one and passes it again, so that scanning allocates nothing. */
export interface JsonScan {
  /** Where the value ends, exclusive. */
  end: number;
  /** Some object, at any depth, names a key twice. */
  duplicateKeys: boolean;
  /** The first member of the outermost object that repeats a name, as an index of `members`, or -1. */
  duplicateMember: number;
  /** The members of the outermost object, `memberWidth` numbers each, at the offsets below. */
  readonly members: number[];
  /** How many numbers of `members` are in use. */
  length: number;
  /** How far the text was searched for backslashes and control characters: pass it on within one text. */
  special: number;
}

export const memberWidth = 5;
/** The key without its quotes. */
export const KEY_START = 0;
export const KEY_END = 1;
/** The value, a string's quotes included. */
export const VALUE_START = 2;
export const VALUE_END = 3;
/** `ESCAPED_KEY` and `ESCAPED_VALUE`: the key, or the string, has escapes. */
export const ESCAPES = 4;
export const ESCAPED_KEY = 1;
export const ESCAPED_VALUE = 2;

export function newScan(): JsonScan {
  return { end: 0, duplicateKeys: false, duplicateMember: -1, members: [], length: 0, special: -1 };
}

/**
 * Checks the one JSON value (RFC 8259) that begins at `start`, white space allowed before it, in a single pass and
 * without recursion. What follows the value is the caller's to judge: see `endOfText`.
 * @param outerDepth how deep the value will be embedded
 * @param searched `scan.special` of the value before in the same text, -1 for a new text
 * @throws TulleError `json_invalid`, with line and column
 */
export function scanJson(text: string, start: number, scan: JsonScan, outerDepth = 0, searched = -1): void {
  const length = text.length;
  const members = scan.members;
  const memberDepth = outerDepth + 1;
  let member = -memberWidth;
  let special = searched;
  let depth = outerDepth;
  let inObject = false;
  let at = start;
  scan.duplicateKeys = false;
  scan.duplicateMember = -1;

  for (;;) {
    // Here begins an element of the current array or object, or the value itself.
    let code = codeAt(text, at, length);
    if (code <= SPACE) code = codeAt(text, (at = skipSpace(text, at, length)), length);
    if (inObject) {
      if (code !== QUOTE) throw invalidJson(text, at, 'A member name in double quotes is missing');
      const keyStart = at + 1;
      at = text.indexOf('"', keyStart) + 1;
      if (special < keyStart) special = nextSpecial(text, keyStart);
      const escaped = at > special || at === 0;
      if (escaped) at = scanString(text, keyStart, length);
      const keyEnd = at - 1;
      const repeated = repeatsKey(text, depth, keyStart, keyEnd, escaped);
      if (repeated) scan.duplicateKeys = true;
      code = codeAt(text, at, length);
      if (code <= SPACE) code = codeAt(text, (at = skipSpace(text, at, length)), length);
      if (code !== COLON) throw invalidJson(text, at, 'A colon is missing after a member name');
      code = codeAt(text, ++at, length);
      if (code <= SPACE) code = codeAt(text, (at = skipSpace(text, at, length)), length);
      if (depth === memberDepth) {
        member += memberWidth;
        members[member + KEY_START] = keyStart;
        members[member + KEY_END] = keyEnd;
        members[member + VALUE_START] = at;
        members[member + VALUE_END] = at;
        members[member + ESCAPES] = escaped ? ESCAPED_KEY : 0;
        if (repeated && scan.duplicateMember < 0) scan.duplicateMember = member;
      }
    }

    if (code === QUOTE) {
      const valueStart = at + 1;
      at = text.indexOf('"', valueStart) + 1;
      if (special < valueStart) special = nextSpecial(text, valueStart);
      if (at > special || at === 0) {
        at = scanString(text, valueStart, length);
        if (inObject && depth === memberDepth) members[member + ESCAPES]! |= ESCAPED_VALUE;
      }
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const opensObject = code === OPEN_BRACE;
      if (depth === maxJsonDepth) throw tooDeep(text, at);
      at = skipSpace(text, at + 1, length);
      if (codeAt(text, at, length) === (opensObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        at++;
      } else {
        depth++;
        inObject = opensObject;
        isObject[depth] = opensObject ? 1 : 0;
        if (opensObject) beginKeys(depth);
        continue;
      }
    } else if (code === LOWER_T || code === LOWER_F || code === LOWER_N) {
      at = scanLiteral(text, at);
    } else {
      at = scanNumber(text, at, length);
    }

    // Here ends a value: what follows decides whether its container ends too.
    for (;;) {
      if (depth === outerDepth) {
        scan.end = at;
        scan.length = member + memberWidth;
        scan.special = special;
        return;
      }
      if (inObject && depth === memberDepth) members[member + VALUE_END] = at;
      code = codeAt(text, at, length);
      if (code <= SPACE) code = codeAt(text, (at = skipSpace(text, at, length)), length);
      if (code === COMMA) {
        at++;
        break;
      }
      if (code !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        throw invalidJson(text, at, `A comma or ${inObject ? '}' : ']'} is missing`);
      }
      at++;
      depth--;
      inObject = depth > outerDepth && isObject[depth] === 1;
    }
  }
}

/** Refuses anything but white space from `at` on. @throws TulleError `json_invalid` */
export function endOfText(text: string, at: number): void {
  const end = skipSpace(text, at, text.length);
  if (end < text.length) throw invalidJson(text, end, 'Something follows after the end of the JSON text');
}

/** Refuses anything but `]` at `at`, and white space after it. @throws TulleError `json_invalid` */
export function endOfArray(text: string, at: number): void {
  if (codeAt(text, at, text.length) !== CLOSE_BRACKET) throw invalidJson(text, at, 'A comma or ] is missing');
  endOfText(text, at + 1);
}

// Scratch of the one scan that runs at a time, by depth: a scan never waits.
const isObject = new Uint8Array(maxJsonDepth + 1);

function tooDeep(text: string, at: number): Error {
  const message = `Arrays and objects are nested deeper than ${maxJsonDepth} levels`;
  return invalidJson(text, at, message, 'Send flatter data, or send it as a string.');
}
