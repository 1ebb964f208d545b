import { notJson, skipNumber } from './json-skip.ts';

/**
 * A number in JSON text, read as far as was needed. Up to 15 digits give the double at once; with 16 to 19 `value` is
 * near enough to say which tests could pass, and `readExactly` is asked only when one of them would tell something new.
 */
export interface NumberReading {
  text: string;
  start: number;
  end: number;
  value: number;
  /** How far `value` may be off. */
  margin: number;
  /** The text is known to have a double (see `comparableNumber`). */
  isComparable: boolean;
}

export function createNumberReading(): NumberReading {
  return { text: '', start: 0, end: 0, value: 0, margin: 0, isComparable: false };
}

/** The reading of a double. */
export function takeNumber(reading: NumberReading, value: number): void {
  reading.text = String(value);
  reading.start = 0;
  reading.end = reading.text.length;
  reading.value = value === 0 ? 0 : value;
  reading.margin = 0;
  reading.isComparable = true;
}

export function numberText({ text, start, end }: NumberReading): string {
  return text.slice(start, end);
}

/** Reads the number at `start`; returns the offset behind it. Throws `json_invalid`. */
export function readNumber(reading: NumberReading, text: string, start: number): number {
  let at = start;
  let unit = text.charCodeAt(at);
  const isNegative = unit === 0x2d;
  if (isNegative) unit = text.charCodeAt(++at);
  let mantissa = 0;
  let digits = 0;
  let decimals = 0;
  const first = at;
  for (; unit >= 0x30 && unit <= 0x39; unit = text.charCodeAt(++at)) {
    mantissa = mantissa * 10 + (unit - 0x30);
    if (mantissa > 0) digits++;
  }
  if (at === first || (at > first + 1 && text.charCodeAt(first) === 0x30))
    throw notJson(text, first, 'The number is not one');
  if (unit === 0x2e) {
    const point = at;
    for (unit = text.charCodeAt(++at); unit >= 0x30 && unit <= 0x39; unit = text.charCodeAt(++at)) {
      mantissa = mantissa * 10 + (unit - 0x30);
      if (mantissa > 0) digits++;
    }
    decimals = at - point - 1;
    if (decimals === 0) throw notJson(text, at, 'A digit is missing');
  }
  reading.text = text;
  reading.start = start;
  if (unit === 0x65 || unit === 0x45 || digits > 19 || decimals > 22) {
    at = skipNumber(text, start);
    reading.value = Number(text.slice(start, at));
    reading.margin = 0;
    reading.isComparable = false;
  } else {
    // Both are exact up to 15 digits, and so one division gives the nearest double.
    const value = mantissa / (powersOfTen[decimals] as number);
    reading.value = isNegative && value !== 0 ? -value : value;
    reading.isComparable = digits <= 15;
    // Each digit beyond the 15th may round once more, by 2^-53 of the value.
    reading.margin = digits <= 15 ? 0 : value * 1e-14;
  }
  reading.end = at;
  return at;
}

/** The double nearest to the text. */
export function readExactly(reading: NumberReading): number {
  if (reading.margin > 0) {
    reading.value = Number(numberText(reading));
    reading.margin = 0;
  }
  return reading.value;
}

/** Those that a double has exactly. */
const powersOfTen = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
