/** Whether a number is a multiple of another, as the decimals that stand in the text: 0.0075 is one of 0.0001. */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  if (!Number.isFinite(value)) return false;
  const left = toDecimal(value);
  const right = toDecimal(divisor);
  // Both as integers of the smaller unit; a double's exponent keeps this below some 650 digits.
  const exponent = Math.min(left.exponent, right.exponent);
  const scaled = (decimal: Decimal): bigint => decimal.digits * 10n ** BigInt(decimal.exponent - exponent);
  return scaled(left) % scaled(right) === 0n;
}

/** `digits` × 10 ^ `exponent` */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function toDecimal(value: number): Decimal {
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
