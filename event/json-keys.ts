import { invalidJson, unescaped } from './json-tokens.ts';

/** Arrays and objects inside one another, the outermost included. */
export const maxJsonDepth = 64;
/** Members of one object. */
export const maxJsonKeys = 10_000;

/** Begins an object at `depth`. */
export function beginKeys(depth: number): void {
  counts[depth] = 0;
  masks[depth] = 0;
  sets[depth] = undefined;
}

/**
 * Notes the key between `start` and `end` and answers whether the object at `depth` has named it before; keys are
 * compared as what they stand for, so that `"a"` and `"\u0061"` are the same.
 * @throws TulleError `json_invalid` for an object with too many keys
 */
export function repeatsKey(text: string, depth: number, start: number, end: number, escaped: boolean): boolean {
  const count = counts[depth]!;
  counts[depth] = count + 1;
  if (escaped || count >= narrow || sets[depth] !== undefined) return repeatsName(text, depth, start, end, escaped);

  const length = end - start;
  const hash = length === 0 ? 0 : length * 5 + text.charCodeAt(start) * 3 + text.charCodeAt(end - 1);
  const bit = 1 << (hash & 31);
  const base = depth * narrow;
  let repeated = false;
  if ((masks[depth]! & bit) !== 0) {
    for (let i = base; i < base + count; i++) {
      if (hashes[i] === hash && isSameText(text, starts[i]!, ends[i]!, start, end)) repeated = true;
    }
  }
  masks[depth]! |= bit;
  hashes[base + count] = hash;
  starts[base + count] = start;
  ends[base + count] = end;
  return repeated;
}

// Up to this many keys of an object are kept as spans of the text; an object with more, or with escapes in a key, gets a
// Set of its names.
const narrow = 16;

// Scratch of the one scan that runs at a time: what is known of the open object at each depth.
const counts = new Int32Array(maxJsonDepth + 1);
/** One bit a hash: where a key's bit is not set, no comparison is needed. */
const masks = new Int32Array(maxJsonDepth + 1);
const sets: (Set<string> | undefined)[] = Array.from({ length: maxJsonDepth + 1 });
const hashes = new Int32Array((maxJsonDepth + 1) * narrow);
const starts = new Int32Array((maxJsonDepth + 1) * narrow);
const ends = new Int32Array((maxJsonDepth + 1) * narrow);

function repeatsName(text: string, depth: number, start: number, end: number, escaped: boolean): boolean {
  const before = counts[depth]! - 1;
  if (before === maxJsonKeys) throw invalidJson(text, start, `An object has more than ${maxJsonKeys} members`);
  const names = (sets[depth] ??= namesSoFar(text, depth * narrow, before));
  const size = names.size;
  return names.add(escaped ? unescaped(text, start, end) : text.slice(start, end)).size === size;
}

function namesSoFar(text: string, base: number, count: number): Set<string> {
  const names = new Set<string>();
  for (let i = base; i < base + count; i++) names.add(text.slice(starts[i], ends[i]));
  return names;
}

function isSameText(text: string, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = start, j = otherStart; i < end; i++, j++) {
    if (text.charCodeAt(i) !== text.charCodeAt(j)) return false;
  }
  return true;
}
