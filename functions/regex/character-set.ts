/** A set of UTF-16 code units, or of code points with the `u` flag, as sorted, disjoint ranges `[first, last]`. */
export type CharacterSet = readonly (readonly [number, number])[];

const lastUnit = 0xff_ff;
const lastPoint = 0x10_ff_ff;

export const digits = setOf([[48, 57]]);
export const wordCharacters = setOf([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]);
export const lineTerminators = setOf([
  [10, 10],
  [13, 13],
  [0x20_28, 0x20_29],
]);
/** White space and line terminators of ECMAScript. */
export const whiteSpace = setOf([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x16_80, 0x16_80],
  [0x20_00, 0x20_0a],
  [0x20_28, 0x20_29],
  [0x20_2f, 0x20_2f],
  [0x20_5f, 0x20_5f],
  [0x30_00, 0x30_00],
  [0xfe_ff, 0xfe_ff],
]);
export const everything = setOf([[0, lastPoint]]);

/** Sorts and joins ranges that touch or overlap. */
export function setOf(ranges: CharacterSet): CharacterSet {
  const joined: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const previous = joined.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

export function complement(set: CharacterSet): CharacterSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  // Beyond what a unit can be: without the `u` flag nothing ever is.
  if (next <= lastPoint) rest.push([next, lastPoint]);
  return rest;
}

/** Adds every unit that is the same but for case, as ECMAScript's Canonicalize has it without the `u` flag. */
export function ignoreCase(set: CharacterSet): CharacterSet {
  const variants = caseVariants();
  const added: [number, number][] = [];
  const addVariants = (unit: number): void => {
    for (const other of variants.get(unit) ?? []) added.push([other, other]);
  };
  for (const [first, last] of set) {
    // Walk over whichever is shorter: the range, or all that has cases.
    if (last - first < variants.size) for (let unit = first; unit <= last; unit += 1) addVariants(unit);
    else for (const unit of variants.keys()) if (unit >= first && unit <= last) addVariants(unit);
  }
  return added.length === 0 ? set : setOf([...set, ...added]);
}

/** A quick test: a table for ASCII, bisection for the rest. */
export function membership(set: CharacterSet): (unit: number) => boolean {
  const ascii = new Uint8Array(128);
  for (const [first, last] of set) {
    for (let unit = first; unit <= last && unit < 128; unit += 1) ascii[unit] = 1;
  }
  const high = Uint32Array.from(set.filter(([, last]) => last >= 128).flat());
  return (unit) => (unit < 128 ? ascii[unit] === 1 : isBetween(high, unit));
}

function isBetween(bounds: Uint32Array, unit: number): boolean {
  let low = 0;
  let end = bounds.length >> 1;
  while (low < end) {
    const middle = (low + end) >> 1;
    if (unit < bounds[middle * 2]!) end = middle;
    else if (unit > bounds[middle * 2 + 1]!) low = middle + 1;
    else return true;
  }
  return false;
}

/** Built on first use, once an isolate: 65,536 case conversions take about 5 ms. */
let cachedVariants: ReadonlyMap<number, readonly number[]> | undefined;

function caseVariants(): ReadonlyMap<number, readonly number[]> {
  if (cachedVariants !== undefined) return cachedVariants;
  const groups = new Map<number, number[]>();
  for (let unit = 0; unit <= lastUnit; unit += 1) {
    const canonical = canonicalize(unit);
    const group = groups.get(canonical);
    if (group === undefined) groups.set(canonical, [unit]);
    else group.push(unit);
  }
  const variants = new Map<number, readonly number[]>();
  for (const group of groups.values()) {
    if (group.length > 1) for (const unit of group) variants.set(unit, group);
  }
  cachedVariants = variants;
  return variants;
}

function canonicalize(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase();
  if (upper.length !== 1) return unit;
  const code = upper.charCodeAt(0);
  return unit >= 128 && code < 128 ? unit : code;
}
