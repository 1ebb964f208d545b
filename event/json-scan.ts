import { TulleError } from './error.ts';

/** Arrays and objects inside one another, an event itself included. */
export const maxJsonDepth = 64;
/** Members of one object. */
export const maxJsonKeys = 10_000;

/** What one scan found; the caller keeps one and passes it again, so that a scan allocates nothing. */
export interface JsonScan {
  /** Where the value ends, exclusive. */
  end: number;
  /** Some object, at any depth, names a key twice. */
  duplicateKeys: boolean;
  /** The first member of the outermost object that repeats the name of another, or -1. */
  duplicateMember: number;
  /** Members of the outermost object, `memberWidth` numbers each: see the offsets below. */
  readonly members: number[];
  /** How many numbers of `members` are in use. */
  length: number;
}

/** `members[m + KEY_START]` and so on; the key's span is without its quotes, a value's with them. */
export const memberWidth = 5;
export const KEY_START = 0;
export const KEY_END = 1;
export const VALUE_START = 2;
export const VALUE_END = 3;
/** Bit 1: the key has escapes, bit 2: the value is a string with escapes. */
export const ESCAPES = 4;
export const KEY_ESCAPED = 1;
export const VALUE_ESCAPED = 2;

export function newScan(): JsonScan {
  return { end: 0, duplicateKeys: false, duplicateMember: -1, members: [], length: 0 };
}

/**
 * Checks the one JSON value (RFC 8259) that begins at `start`, white space before it allowed, in a single pass and
 * without recursion. What follows the value is the caller's to judge: see `endOfText`.
 * `outerDepth` is how deep the value will be embedded.
 * @throws TulleError `json_invalid`, with line and column
 */
export function scanJson(text: string, start: number, scan: JsonScan, outerDepth = 0): void {
  const length = text.length;
  const members = scan.members;
  const memberDepth = outerDepth + 1;
  let member = -memberWidth;
  let depth = outerDepth;
  let inObject = false;
  let at = start;
  scan.duplicateKeys = false;
  scan.duplicateMember = -1;

  for (;;) {
    // Here begins an element of the current array or object, or the value itself.
    at = skipSpace(text, at, length);
    if (inObject) {
      if (at >= length || text.charCodeAt(at) !== QUOTE)
        throw invalid(text, at, 'A member name in double quotes is missing');
      const keyStart = at + 1;
      at = scanString(text, keyStart, length);
      const escaped = at < 0;
      if (escaped) at = ~at;
      const repeated = repeatsKey(text, depth, keyStart, at - 1, escaped);
      if (repeated) scan.duplicateKeys = true;
      if (depth === memberDepth) {
        member += memberWidth;
        members[member + KEY_START] = keyStart;
        members[member + KEY_END] = at - 1;
        members[member + ESCAPES] = escaped ? KEY_ESCAPED : 0;
        if (repeated && scan.duplicateMember < 0) scan.duplicateMember = member;
      }
      at = skipSpace(text, at, length);
      if (at >= length || text.charCodeAt(at) !== COLON)
        throw invalid(text, at, 'A colon is missing after a member name');
      at = skipSpace(text, at + 1, length);
      if (depth === memberDepth) members[member + VALUE_START] = at;
    }

    const code = at < length ? text.charCodeAt(at) : END;
    if (code === QUOTE) {
      at = scanString(text, at + 1, length);
      if (at < 0) {
        at = ~at;
        if (inObject && depth === memberDepth) members[member + ESCAPES]! |= VALUE_ESCAPED;
      }
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const opensObject = code === OPEN_BRACE;
      if (depth === maxJsonDepth) throw tooDeep(text, at);
      at = skipSpace(text, at + 1, length);
      if (at < length && text.charCodeAt(at) === (opensObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        at++;
      } else {
        depth++;
        inObject = opensObject;
        objectAt[depth] = opensObject ? 1 : 0;
        keyCount[depth] = 0;
        continue;
      }
    } else {
      at =
        code === LOWER_T || code === LOWER_F || code === LOWER_N ? scanLiteral(text, at) : scanNumber(text, at, length);
    }

    // Here ends a value: what follows decides whether its container ends too.
    for (;;) {
      if (depth === outerDepth) {
        scan.end = at;
        scan.length = member + memberWidth;
        return;
      }
      if (inObject && depth === memberDepth) members[member + VALUE_END] = at;
      at = skipSpace(text, at, length);
      const next = at < length ? text.charCodeAt(at) : END;
      at++;
      if (next === COMMA) break;
      if (next !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        throw invalid(text, at - 1, inObject ? 'A comma or } is missing' : 'A comma or ] is missing');
      }
      depth--;
      inObject = depth > outerDepth && objectAt[depth] === 1;
    }
  }
}

/** Refuses anything but white space from `at` on. @throws TulleError `json_invalid` */
export function endOfText(text: string, at: number): void {
  const end = skipSpace(text, at, text.length);
  if (end < text.length) throw invalid(text, end, 'Something follows after the end of the JSON text');
}

/** Refuses anything but `]` at `at` and white space after it. @throws TulleError `json_invalid` */
export function endOfArray(text: string, at: number): void {
  if (text.charAt(at) !== ']') throw invalid(text, at, 'A comma or ] is missing');
  endOfText(text, at + 1);
}

/** The first position at or after `at` that is no JSON white space. */
export function skipSpace(text: string, at: number, length: number): number {
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > SPACE || (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB)) return at;
  }
  return at;
}

const END = -1;
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const LOWER_E = 101;
const LOWER_F = 102;
const LOWER_N = 110;
const LOWER_T = 116;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const BYTE_ORDER_MARK = 0xfeff;

// Scratch of the one scan that runs at a time (a scan never waits), indexed by depth.
const objectAt = new Uint8Array(maxJsonDepth + 1);
const keyCount = new Int32Array(maxJsonDepth + 1);

/**
 * Up to this many keys of an object are compared with one another as spans of the text; an object with more, or with an
 * escaped key, gets a Set of the names.
 */
const narrow = 16;
const keySignature = new Int32Array((maxJsonDepth + 1) * narrow);
const keyStarts = new Int32Array((maxJsonDepth + 1) * narrow);
const keyEnds = new Int32Array((maxJsonDepth + 1) * narrow);
const keySets: (Set<string> | undefined)[] = Array.from({ length: maxJsonDepth + 1 });

/** Notes a key of the object at `depth` and answers whether that object has named it before. */
function repeatsKey(text: string, depth: number, start: number, end: number, escaped: boolean): boolean {
  const count = keyCount[depth]!;
  if (count === 0) keySets[depth] = undefined;
  keyCount[depth] = count + 1;
  if (escaped || count >= narrow || keySets[depth] !== undefined) return repeatsName(text, depth, start, end, escaped);

  const length = end - start;
  const signature = length === 0 ? 0 : (length << 16) ^ (text.charCodeAt(start) << 8) ^ text.charCodeAt(end - 1);
  const base = depth * narrow;
  let repeated = false;
  for (let i = base; i < base + count; i++) {
    if (keySignature[i] === signature && sameText(text, keyStarts[i]!, keyEnds[i]!, start, end)) repeated = true;
  }
  keySignature[base + count] = signature;
  keyStarts[base + count] = start;
  keyEnds[base + count] = end;
  return repeated;
}

function repeatsName(text: string, depth: number, start: number, end: number, escaped: boolean): boolean {
  const before = keyCount[depth]! - 1;
  if (before === maxJsonKeys) throw invalid(text, start, `An object has more than ${maxJsonKeys} members`);
  let names = keySets[depth];
  if (names === undefined) {
    names = new Set();
    for (let i = depth * narrow; i < depth * narrow + before; i++) names.add(text.slice(keyStarts[i], keyEnds[i]));
    keySets[depth] = names;
  }
  const size = names.size;
  return names.add(escaped ? unescaped(text, start, end) : text.slice(start, end)).size === size;
}

function sameText(text: string, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = start, j = otherStart; i < end; i++, j++) {
    if (text.charCodeAt(i) !== text.charCodeAt(j)) return false;
  }
  return true;
}

/** From after the opening quote to after the closing one; the complement (`~end`) when there are escapes. */
function scanString(text: string, start: number, length: number): number {
  let escaped = false;
  for (let at = start; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > BACKSLASH) continue;
    if (code === QUOTE) return escaped ? ~(at + 1) : at + 1;
    if (code === BACKSLASH) {
      at = scanEscape(text, at + 1);
      escaped = true;
    } else if (code < SPACE) {
      throw invalid(text, at, 'A control character stands unescaped in a string');
    }
  }
  throw invalid(text, length, 'A string is not closed');
}

/** Answers the position of the escape's last character. */
function scanEscape(text: string, at: number): number {
  const letter = text.charAt(at);
  if (letter === 'u') {
    if (/^[0-9A-Fa-f]{4}$/.test(text.slice(at + 1, at + 5))) return at + 4;
  } else if (letter !== '' && '"\\/bfnrt'.includes(letter)) {
    return at;
  }
  throw invalid(text, at, 'A backslash in a string begins no valid escape');
}

function scanNumber(text: string, start: number, length: number): number {
  let at = start;
  if (at < length && text.charCodeAt(at) === MINUS) at++;
  if (at < length && text.charCodeAt(at) === ZERO) at++;
  else at = scanDigits(text, at, length);
  if (at < length && text.charCodeAt(at) === DOT) at = scanDigits(text, at + 1, length);
  if (at < length && (text.charCodeAt(at) | 0x20) === LOWER_E) {
    at++;
    if (at < length && (text.charCodeAt(at) === PLUS || text.charCodeAt(at) === MINUS)) at++;
    at = scanDigits(text, at, length);
  }
  return at;
}

/** At least one digit. */
function scanDigits(text: string, start: number, length: number): number {
  let at = start;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    at++;
  }
  if (at === start) throw invalid(text, at, 'A value is missing or not valid JSON');
  return at;
}

function scanLiteral(text: string, at: number): number {
  for (const literal of ['true', 'false', 'null']) if (text.startsWith(literal, at)) return at + literal.length;
  throw invalid(text, at, 'A value is missing or not valid JSON');
}

/** The characters that the inside of a JSON string stands for. */
export function unescaped(text: string, start: number, end: number): string {
  return JSON.parse(`"${text.slice(start, end)}"`) as string;
}

/** The message says what was expected and never quotes the text: it may be anybody's data. */
function invalid(text: string, at: number, message: string): TulleError {
  if (at === 0 && text.charCodeAt(0) === BYTE_ORDER_MARK) {
    return new TulleError('json_invalid', 'The text begins with a byte order mark', {
      place: 'line 1, column 1',
      mend: 'Send UTF-8 without a byte order mark (RFC 8259, section 8.1).',
    });
  }
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return new TulleError('json_invalid', message, {
    place: `line ${line}, column ${column}`,
    mend: 'Send JSON as RFC 8259 defines it, for instance as JSON.stringify writes it.',
  });
}

function tooDeep(text: string, at: number): TulleError {
  const { message, place } = invalid(text, at, `Arrays and objects are nested deeper than ${maxJsonDepth}`);
  return new TulleError('json_invalid', message, { place: place!, mend: 'Send flatter data, or send it as text.' });
}
