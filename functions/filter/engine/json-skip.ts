import { TulleError } from '../../../event/error.ts';
import { maxDepth } from '../json-node.ts';
import { longestForShapes, nestedShape, provenLevels, provenShape, stringShape } from './json-shapes.ts';

/**
 * Passing over JSON text without looking into it. Each function takes the offset where something starts and returns
 * the offset behind it. The `proven` ones accept JSON alone; the others rely on the text having been proven before,
 * and only promise to come to an end.
 */

/** Behind the closing quote of the string whose opening quote is at `at`. */
export function skipString(text: string, at: number): number {
  for (let end = at; ;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) throw notJson(text, at, 'The string has no end');
    let before = end;
    while (text.charCodeAt(before - 1) === 0x5c) before--;
    // The backslashes before the quote escape each other in pairs.
    if (((end - before) & 1) === 0) return end + 1;
  }
}

export function skipProvenString(text: string, at: number): number {
  if (text.length > longestForShapes) return skipProvenLongString(text, at);
  stringShape.lastIndex = at;
  if (!stringShape.test(text))
    throw notJson(text, at, 'The string is not closed, or has a control character or an unknown escape');
  return stringShape.lastIndex;
}

export function skipNumber(text: string, start: number): number {
  let at = start;
  let unit = text.charCodeAt(at);
  if (unit === 0x2d) unit = text.charCodeAt(++at);
  if (unit === 0x30) unit = text.charCodeAt(++at);
  else unit = text.charCodeAt((at = skipDigits(text, at)));
  if (unit === 0x2e) unit = text.charCodeAt((at = skipDigits(text, at + 1)));
  if (unit === 0x65 || unit === 0x45) {
    unit = text.charCodeAt(++at);
    at = skipDigits(text, unit === 0x2b || unit === 0x2d ? at + 1 : at);
  }
  return at;
}

export function skipLiteral(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const word = unit === 0x74 ? 'true' : unit === 0x66 ? 'false' : 'null';
  if (!text.startsWith(word, at)) throw notJson(text, at, 'A value is missing');
  return at + word.length;
}

/** Any value; `at` is at its first character. */
export function skipValue(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit === 0x22) return skipString(text, at);
  if (unit !== 0x7b && unit !== 0x5b) return skipScalar(text, at, unit);
  if (text.length <= longestForShapes) {
    nestedShape.lastIndex = at;
    if (nestedShape.test(text)) return nestedShape.lastIndex;
  }
  return skipDeep(text, at);
}

export function skipProvenValue(text: string, at: number, depth: number): number {
  const unit = text.charCodeAt(at);
  if (unit === 0x22) return skipProvenString(text, at);
  if (unit !== 0x7b && unit !== 0x5b) return skipScalar(text, at, unit);
  return skipByShape(text, at, depth) ?? skipProvenNested(text, at, depth);
}

export function skipSpace(text: string, at: number): number {
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at;
    at++;
  }
}

export function notJson(text: string, at: number, message: string): TulleError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const place = `line ${line}, column ${at - before.lastIndexOf('\n')}`;
  return new TulleError('json_invalid', `${message} (${place})`, { place, mend: 'Send valid JSON (RFC 8259).' });
}

export function tooDeep(text: string, at: number): TulleError {
  return notJson(text, at, `The text nests deeper than ${maxDepth} levels`);
}

function skipScalar(text: string, at: number, unit: number): number {
  return unit === 0x2d || (unit >= 0x30 && unit <= 0x39) ? skipNumber(text, at) : skipLiteral(text, at);
}

function skipDigits(text: string, start: number): number {
  let at = start;
  for (let unit = text.charCodeAt(at); unit >= 0x30 && unit <= 0x39; unit = text.charCodeAt(at)) at++;
  if (at === start) throw notJson(text, at, 'A digit is missing');
  return at;
}

/** Behind an object or array that is JSON and has few levels; `undefined` if that could not be seen at once. */
function skipByShape(text: string, at: number, depth: number): number | undefined {
  if (text.length > longestForShapes || depth + provenLevels > maxDepth) return undefined;
  provenShape.lastIndex = at;
  return provenShape.test(text) ? provenShape.lastIndex : undefined;
}

/** Brackets of any depth, counted. */
function skipDeep(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) at = skipString(text, at) - 1;
    else if (unit === 0x7b || unit === 0x5b) depth++;
    else if ((unit === 0x7d || unit === 0x5d) && --depth === 0) return at + 1;
  }
  throw notJson(text, start, 'The object or array has no end');
}

/** Objects and arrays, proven, without recursion. */
function skipProvenNested(text: string, start: number, outerDepth: number): number {
  // One entry a level: whether it is an object.
  const levels: boolean[] = [];
  let at = start;
  for (;;) {
    // At a value.
    const unit = text.charCodeAt(at);
    const known =
      levels.length > 0 && (unit === 0x7b || unit === 0x5b)
        ? skipByShape(text, at, levels.length + outerDepth)
        : undefined;
    if (known !== undefined) {
      at = known;
    } else if (unit === 0x7b || unit === 0x5b) {
      const isObject = unit === 0x7b;
      levels.push(isObject);
      if (levels.length + outerDepth > maxDepth) throw tooDeep(text, at);
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== (isObject ? 0x7d : 0x5d)) {
        if (isObject) at = skipProvenName(text, at);
        continue;
      }
      levels.pop();
      at++;
    } else {
      at = unit === 0x22 ? skipProvenString(text, at) : skipScalar(text, at, unit);
    }
    // Behind a value: up, until there is another one.
    for (;;) {
      const isObject = levels.at(-1);
      if (isObject === undefined) return at;
      at = skipSpace(text, at);
      const next = text.charCodeAt(at);
      if (next === 0x2c) {
        at = skipSpace(text, at + 1);
        if (isObject) at = skipProvenName(text, at);
        break;
      }
      if (next !== (isObject ? 0x7d : 0x5d))
        throw notJson(text, at, isObject ? 'A comma or } is missing' : 'A comma or ] is missing');
      levels.pop();
      at++;
    }
  }
}

/** A member's name, its colon and the space around it. */
function skipProvenName(text: string, at: number): number {
  if (text.charCodeAt(at) !== 0x22) throw notJson(text, at, 'A member name in double quotes is missing');
  const colon = skipSpace(text, skipProvenString(text, at));
  if (text.charCodeAt(colon) !== 0x3a) throw notJson(text, colon, 'A colon is missing after the member name');
  return skipSpace(text, colon + 1);
}

/** The same without a shape: unit by unit. */
function skipProvenLongString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) throw notJson(text, at, 'A control character in a string must be escaped');
    if (unit === 0x5c) at = skipEscape(text, at + 1);
  }
  throw notJson(text, start, 'The string has no end');
}

/** From behind a backslash to the last unit of the escape. */
function skipEscape(text: string, at: number): number {
  if (text.charAt(at) === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) return at + 4;
  if (at < text.length && '"\\/bfnrt'.includes(text.charAt(at))) return at;
  throw notJson(text, at - 1, 'The escape sequence is not known in JSON');
}
