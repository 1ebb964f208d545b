/**
 * Comparing without regard to case, where the pattern says which cases there are: each UTF-16 unit of the pattern
 * stands for its lower and its upper case, which may be longer (`ß` is `ß` or `SS`). So the pattern `straße` takes
 * `STRASSE`, but `strasse` does not take `straße`; σ and ς differ, and letters beyond U+FFFF have one case.
 */
export interface CaseFolded {
  equals(value: string): boolean;
  isPrefixOf(value: string): boolean;
  isSuffixOf(value: string): boolean;
}

export function caseFolded(pattern: string): CaseFolded {
  const units: Cases[] = [];
  for (let i = 0; i < pattern.length; i++) units.push(casesOf(pattern.charAt(i)));
  const backwards = units.toReversed();
  return {
    equals: (value) => ends(value, units, false).includes(value.length),
    isPrefixOf: (value) => ends(value, units, false).length > 0,
    isSuffixOf: (value) => ends(value, backwards, true).length > 0,
  };
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

type Cases = readonly [lower: string, upper: string];

function casesOf(unit: string): Cases {
  return [unit.toLowerCase(), unit.toUpperCase()];
}

/** Lower, upper, lower: the first step takes U+1E9E to ß, the second ß to SS and ı to I, the third all to lower. */
function unitKey(unit: string): string {
  let upper = '';
  for (const one of unit.toLowerCase()) upper += one.toUpperCase();
  let key = '';
  for (const one of upper) key += one.toLowerCase();
  return key;
}

/** The offsets in `value` at which the units may end. Two at most differ at a time, so the list stays short. */
function ends(value: string, units: readonly Cases[], fromEnd: boolean): readonly number[] {
  let offsets = [fromEnd ? value.length : 0];
  for (const [lower, upper] of units) {
    const next: number[] = [];
    for (const offset of offsets) {
      for (const one of lower === upper ? [lower] : [lower, upper]) {
        const start = fromEnd ? offset - one.length : offset;
        const end = fromEnd ? start : start + one.length;
        if (start >= 0 && value.startsWith(one, start) && !next.includes(end)) next.push(end);
      }
    }
    offsets = next;
    if (offsets.length === 0) break;
  }
  return offsets;
}
