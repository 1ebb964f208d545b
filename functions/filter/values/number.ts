/**
 * The double that a JSON number stands for, where the two say the same: the text's decimal value must be the one that
 * the shortest form of the double has. `300`, `300.0` and `3e2` are 300; `9007199254740993`, `0.10000000000000001`,
 * `1e400` and `1e-400` have no double and are `undefined`.
 */
export function comparableNumber(text: string): number | undefined {
  const number = Number(text);
  if (!isComparable(text, number)) return undefined;
  return number === 0 ? 0 : number;
}

/** Whether `number`, the double nearest to the text, is what the text says. */
export function isComparable(text: string, number: number): boolean {
  // Up to 15 digits always survive the way to a double and back (IEEE 754, binary64), far from under- and overflow.
  if (text.length <= 15 && plainDecimal.test(text)) return true;
  const shortest = String(number);
  return shortest === text || (Number.isFinite(number) && canonical(shortest) === canonical(text));
}

const plainDecimal = /^-?[0-9]+(?:\.[0-9]+)?$/;
const decimalParts = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/** `-12.50e3` becomes `-125e2`: digits without zeros at either end, and the exponent that belongs to them. */
function canonical(text: string): string {
  const parts = decimalParts.exec(text);
  if (parts === null) return text;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  let digits = whole + fraction;
  let power = Number(exponent) - fraction.length;
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  power += digits.length - end;
  digits = digits.slice(0, end);
  let start = 0;
  while (start < digits.length && digits.charCodeAt(start) === 0x30) start++;
  return start === digits.length ? '0' : `${sign}${digits.slice(start)}e${power}`;
}
