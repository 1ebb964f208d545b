/** A decimal number without loss: `digits` × 10^-`scale`. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/**
 * How a value between two is rounded: `half-even` (bankers'), `half-up` (away from zero), `down` (towards zero).
 */
export type Rounding = 'half-even' | 'half-up' | 'down';

/** A decimal from its text, such as `-12.340`, or from a JSON number, as its shortest text; `undefined` for anything else. */
export function parseDecimal(value: unknown): Decimal | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const match = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?(?:e([+-]?\d{1,2}))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** `value` × `factor` ÷ `divisor`, calculated without loss and rounded once, to `scale` digits behind the point. */
export function multiplyAndDivide(
  value: Decimal,
  factor: Decimal,
  divisor: Decimal,
  scale: number,
  rounding: Rounding,
): Decimal {
  const power = scale + divisor.scale - value.scale - factor.scale;
  const numerator = value.digits * factor.digits * (power > 0 ? 10n ** BigInt(power) : 1n);
  const denominator = divisor.digits * (power < 0 ? 10n ** BigInt(-power) : 1n);
  return { digits: divide(numerator, denominator, rounding), scale };
}

/** `12.30` for 1230 at scale 2. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const isNegative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  const quotient = top / bottom;
  const rest = (top % bottom) * 2n;
  const tieGoesUp = rounding === 'half-up' || quotient % 2n === 1n;
  const up = rounding !== 'down' && (rest > bottom || (rest === bottom && tieGoesUp));
  const rounded = quotient + (up ? 1n : 0n);
  return isNegative ? -rounded : rounded;
}
