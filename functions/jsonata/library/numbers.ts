import { JsonataError } from '../error.ts';
import { define, type Library } from './define.ts';

type Numbers = readonly number[] | undefined;
type OptionalNumber = number | undefined;

export const numberFunctions: Library = {
  sum: define('<a<n>:n>', 1, (run, numbers: Numbers) => {
    run.spend(numbers?.length ?? 0);
    return numbers?.reduce((total, number) => total + number, 0);
  }),
  count: define('<a:n>', 1, (_, values: readonly unknown[] | undefined) => values?.length ?? 0),
  max: define('<a<n>:n>', 1, (run, numbers: Numbers) => {
    run.spend(numbers?.length ?? 0);
    return numbers?.length ? numbers.reduce((most, number) => Math.max(most, number)) : undefined;
  }),
  min: define('<a<n>:n>', 1, (run, numbers: Numbers) => {
    run.spend(numbers?.length ?? 0);
    return numbers?.length ? numbers.reduce((least, number) => Math.min(least, number)) : undefined;
  }),
  average: define('<a<n>:n>', 1, (run, numbers: Numbers) => {
    run.spend(numbers?.length ?? 0);
    return numbers?.length ? numbers.reduce((total, number) => total + number, 0) / numbers.length : undefined;
  }),
  number: define('<(nsb)-:n>', 1, (_, value: unknown) => toNumber(value)),
  floor: define('<n-:n>', 1, (_, value: OptionalNumber) => (value === undefined ? undefined : Math.floor(value))),
  ceil: define('<n-:n>', 1, (_, value: OptionalNumber) => (value === undefined ? undefined : Math.ceil(value))),
  round: define('<n-n?:n>', 2, (_, value: OptionalNumber, precision: OptionalNumber) =>
    value === undefined ? undefined : roundHalfEven(value, precision),
  ),
  abs: define('<n-:n>', 1, (_, value: OptionalNumber) => (value === undefined ? undefined : Math.abs(value))),
  sqrt: define('<n-:n>', 1, (_, value: OptionalNumber) => {
    if (value !== undefined && value < 0) throw new JsonataError('D3060', 'A negative number has no square root');
    return value === undefined ? undefined : Math.sqrt(value);
  }),
  power: define('<n-n:n>', 2, (_, base: OptionalNumber, exponent: number) => {
    if (base === undefined) return undefined;
    const power = base ** exponent;
    if (!Number.isFinite(power)) throw new JsonataError('D3061', 'The power cannot be represented as a JSON number');
    return power;
  }),
  random: define('<:n>', 0, (run) => run.random()),
  formatBase: define('<n-n?:s>', 2, (_, value: OptionalNumber, radix: OptionalNumber) => {
    if (value === undefined) return undefined;
    const base = radix === undefined ? 10 : roundHalfEven(radix);
    if (!(base >= 2 && base <= 36)) throw new JsonataError('D3100', 'The base is not between 2 and 36');
    return roundHalfEven(value).toString(base);
  }),
};

/** To the nearest multiple of 10^-precision; halves go to the even neighbour. */
export function roundHalfEven(value: number, precision = 0): number {
  // Through the decimal text, because multiplying by a power of ten would add an error of its own.
  const shifted = precision === 0 ? value : shiftDecimal(value, precision);
  const nearest = Math.round(shifted);
  const isHalf = Math.abs(nearest - shifted) === 0.5;
  const even = isHalf && Math.abs(nearest % 2) === 1 ? nearest - 1 : nearest;
  // `+ 0` makes -0 to 0, which JSON does not tell apart.
  return (precision === 0 ? even : shiftDecimal(even, -precision)) + 0;
}

function shiftDecimal(value: number, places: number): number {
  const [digits, exponent = '0'] = value.toString().split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}

function toNumber(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    const isDecimal = /^-?[0-9]+(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?$/.test(value);
    // What may stand around these depends on `Number`.
    const isPrefixed = /^0[xX][0-9A-Fa-f]|0[oO][0-7]|0[bB][01]+$/.test(value);
    const number = isDecimal || isPrefixed ? Number(value) : Number.NaN;
    if (Number.isFinite(number)) return number;
  }
  throw new JsonataError('D3030', 'The value cannot be cast to a number');
}
