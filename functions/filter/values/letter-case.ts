/**
 * Comparing without regard to case, where the pattern says which cases there are: each UTF-16 unit of the pattern
 * stands for its lower and its upper case, which may be longer (`ß` is `ß` or `SS`). So the pattern `straße` takes
 * `STRASSE`, but `strasse` does not take `straße`; σ and ς differ, and letters beyond U+FFFF have one case.
 */
export function equalsIgnoringCase(value: string, pattern: string): boolean {
  return ends(value, pattern, false).includes(value.length);
}

export function startsIgnoringCase(value: string, pattern: string): boolean {
  return ends(value, pattern, false).length > 0;
}

export function endsIgnoringCase(value: string, pattern: string): boolean {
  return ends(value, pattern, true).length > 0;
}

/** The same for a pattern that is ASCII; its only letters are then those of ASCII, with two cases each. */
export function equalsIgnoringAsciiCase(value: string, pattern: string): boolean {
  if (value.length !== pattern.length) return false;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const wanted = pattern.charCodeAt(i);
    if (unit === wanted) continue;
    const lower = unit | 0x20;
    if (lower !== (wanted | 0x20) || lower < 0x61 || lower > 0x7a) return false;
  }
  return true;
}

/**
 * A key that any two strings share when one matches the other: candidates are found by it, then compared exactly.
 * It is built unit by unit, so the key of a prefix is a prefix of the key.
 */
export function caseKey(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  let key = '';
  for (let i = 0; i < text.length; i++) key += unitKey(text.charAt(i));
  return key;
}

/** Among ASCII strings equal keys are enough: no unit has more than the two cases. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Lower, upper, lower: the first step takes U+1E9E to ß, the second ß to SS and ı to I, the third all to lower. */
function unitKey(unit: string): string {
  let upper = '';
  for (const one of unit.toLowerCase()) upper += one.toUpperCase();
  let key = '';
  for (const one of upper) key += one.toLowerCase();
  return key;
}

/** The offsets in `value` at which the pattern may end, from either side. Two at most part at a unit: the list stays short. */
function ends(value: string, pattern: string, fromEnd: boolean): readonly number[] {
  let offsets = [fromEnd ? value.length : 0];
  for (let i = 0; i < pattern.length && offsets.length > 0; i++) {
    const unit = pattern.charAt(fromEnd ? pattern.length - 1 - i : i);
    const lower = unit.toLowerCase();
    const upper = unit.toUpperCase();
    const next: number[] = [];
    for (const offset of offsets) {
      step(value, lower, offset, fromEnd, next);
      if (upper !== lower) step(value, upper, offset, fromEnd, next);
    }
    offsets = next;
  }
  return offsets;
}

function step(value: string, unit: string, offset: number, fromEnd: boolean, next: number[]): void {
  const start = fromEnd ? offset - unit.length : offset;
  const end = fromEnd ? start : start + unit.length;
  if (start >= 0 && value.startsWith(unit, start) && !next.includes(end)) next.push(end);
}
