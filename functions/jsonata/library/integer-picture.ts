import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { fromWords, toWords, wordsPattern } from './number-words.ts';
import { fromLetters, fromRoman, toLetters, toRoman } from './numerals.ts';

/** A picture of XPath's fn:format-integer, such as `#,##0`, `001`, `I`, `a`, `Ww` or `1;o`. */
export interface IntegerPicture {
  readonly style: 'decimal' | 'letters' | 'roman' | 'words' | 'sequence';
  readonly letterCase: 'upper' | 'lower' | 'title';
  readonly ordinal: boolean;
  /** Code point of the digit zero of the digits in use. */
  readonly zero: number;
  mandatoryDigits: number;
  readonly optionalDigits: number;
  /** Digits to the right of each separator, from the right on. */
  readonly separators: readonly Separator[];
  /** The separators repeat to the left at this distance; 0 where they are irregular. */
  readonly interval: number;
  readonly text: string;
}

interface Separator {
  readonly position: number;
  readonly character: string;
}

const styles: Readonly<Record<string, Pick<IntegerPicture, 'style' | 'letterCase'>>> = {
  __proto__: null as never,
  A: { style: 'letters', letterCase: 'upper' },
  a: { style: 'letters', letterCase: 'lower' },
  I: { style: 'roman', letterCase: 'upper' },
  i: { style: 'roman', letterCase: 'lower' },
  W: { style: 'words', letterCase: 'upper' },
  w: { style: 'words', letterCase: 'lower' },
  Ww: { style: 'words', letterCase: 'title' },
};

/** Throws D3131 for digits of several scripts in one picture. */
export function parseIntegerPicture(picture: string): IntegerPicture {
  checkPictureLength(picture);
  const semicolon = picture.lastIndexOf(';');
  const text = semicolon === -1 ? picture : picture.slice(0, semicolon);
  const ordinal = semicolon !== -1 && picture[semicolon + 1] === 'o';
  const style = styles[text];
  const none = { zero: 0x30, mandatoryDigits: 0, optionalDigits: 0, separators: [], interval: 0, text, ordinal };
  return style === undefined ? { ...none, ...decimalPattern(text), ordinal } : { ...none, ...style };
}

export function formatInteger(value: number, picture: IntegerPicture, run: Run): string {
  const sign = value < 0 ? '-' : '';
  return sign + formatMagnitude(Math.abs(value), picture, run);
}

/** What the picture accepts, and how a text that it accepts becomes a number. `width` digits, or any number of them. */
export function integerPattern(picture: IntegerPicture, width?: number): string {
  const isUpper = picture.letterCase === 'upper';
  switch (picture.style) {
    case 'letters':
      return isUpper ? '[A-Z]+' : '[a-z]+';
    case 'roman':
      return isUpper ? '[MDCLXVI]+' : '[mdclxvi]+';
    case 'words':
      return wordsPattern;
    case 'decimal':
      return `[0-9]${width === undefined ? '+' : `{${width}}`}${picture.ordinal ? '(?:th|st|nd|rd)' : ''}`;
    default:
      throw sequenceUnsupported();
  }
}

export function parseInteger(text: string, picture: IntegerPicture): number {
  switch (picture.style) {
    case 'letters':
      return fromLetters(text, picture.letterCase === 'upper' ? 65 : 97);
    case 'roman':
      return fromRoman(picture.letterCase === 'upper' ? text : text.toUpperCase());
    case 'words':
      return fromWords(text);
    case 'decimal':
      return fromDecimal(picture.ordinal ? text.slice(0, -2) : text, picture);
    default:
      throw sequenceUnsupported();
  }
}

function formatMagnitude(value: number, picture: IntegerPicture, run: Run): string {
  switch (picture.style) {
    case 'letters':
      return toLetters(value, picture.letterCase === 'upper' ? 65 : 97);
    case 'roman': {
      run.textOf(Math.ceil(value / 1000));
      const roman = toRoman(value);
      return picture.letterCase === 'upper' ? roman.toUpperCase() : roman;
    }
    case 'words': {
      const words = toWords(value, picture.ordinal);
      if (picture.letterCase === 'title') return words;
      return picture.letterCase === 'upper' ? words.toUpperCase() : words.toLowerCase();
    }
    case 'decimal':
      return toDecimal(value, picture, run);
    default:
      throw sequenceUnsupported();
  }
}

/** Zeros of the scripts whose digits a picture may use. */
const zeros = [
  0x30, 0x06_60, 0x06_f0, 0x07_c0, 0x09_66, 0x09_e6, 0x0a_66, 0x0a_e6, 0x0b_66, 0x0b_e6, 0x0c_66, 0x0c_e6, 0x0d_66,
  0x0d_e6, 0x0e_50, 0x0e_d0, 0x0f_20, 0x10_40, 0x10_90, 0x17_e0, 0x18_10, 0x19_46, 0x19_d0, 0x1a_80, 0x1a_90, 0x1b_50,
  0x1b_b0, 0x1c_40, 0x1c_50, 0xa6_20, 0xa8_d0, 0xa9_00, 0xa9_d0, 0xa9_f0, 0xaa_50, 0xab_f0, 0xff_10,
];

function decimalPattern(text: string): Omit<IntegerPicture, 'ordinal'> {
  let zero: number | undefined;
  let mandatoryDigits = 0;
  let optionalDigits = 0;
  const separators: Separator[] = [];
  for (const character of Array.from(text).reverse()) {
    const code = character.codePointAt(0)!;
    const family = zeros.find((first) => code >= first && code <= first + 9);
    if (family !== undefined) {
      zero ??= family;
      if (family !== zero) throw new JsonataError('D3131', 'A picture mixes digits of different scripts');
      mandatoryDigits += 1;
    } else if (character === '#') {
      optionalDigits += 1;
    } else {
      separators.push({ position: mandatoryDigits + optionalDigits, character });
    }
  }
  return {
    // Without any digit it is a numbering sequence, and the specification leaves those to the implementation.
    style: mandatoryDigits > 0 ? 'decimal' : 'sequence',
    letterCase: 'lower',
    zero: zero ?? 0x30,
    mandatoryDigits,
    optionalDigits,
    separators,
    interval: separators.every(({ character }) => character === separators[0]?.character)
      ? regularInterval(separators.map(({ position }) => position))
      : 0,
    text,
  };
}

/** What is done with a picture takes time in proportion to the square of its length. */
export function checkPictureLength(picture: string): void {
  if (picture.length > longestPicture) {
    throw new JsonataError('D3130', `A picture is longer than ${longestPicture} characters`);
  }
}

const longestPicture = 500;

/** The distance at which positions repeat, or 0 where they do not. */
export function regularInterval(positions: readonly number[]): number {
  if (positions.length === 0) return 0;
  const interval = positions.reduce(greatestCommonDivisor);
  return positions.every((_, index) => positions.includes((index + 1) * interval)) ? interval : 0;
}

function greatestCommonDivisor(first: number, second: number): number {
  return second === 0 ? first : greatestCommonDivisor(second, first % second);
}

function toDecimal(value: number, picture: IntegerPicture, run: Run): string {
  run.textOf(picture.mandatoryDigits * 2);
  const plain = String(value).padStart(picture.mandatoryDigits, '0');
  const digits = Array.from(plain, (digit) =>
    /[0-9]/.test(digit) ? String.fromCodePoint(digit.codePointAt(0)! - 0x30 + picture.zero) : digit,
  );
  const length = digits.length;
  const { interval, separators } = picture;
  const separatorAt = new Map(separators.map(({ position, character }) => [position, character]));
  const grouped = digits.map((digit, index) => {
    const toTheRight = length - index;
    if (index === 0) return digit;
    if (interval > 0) return toTheRight % interval === 0 ? separators[0]!.character + digit : digit;
    return (separatorAt.get(toTheRight) ?? '') + digit;
  });
  return grouped.join('') + (picture.ordinal ? ordinalSuffix(plain) : '');
}

function ordinalSuffix(digits: string): string {
  const isTeen = digits.at(-2) === '1';
  return (isTeen ? undefined : ['th', 'st', 'nd', 'rd'][Number(digits.at(-1))]) ?? 'th';
}

function fromDecimal(text: string, { separators, zero }: IntegerPicture): number {
  let digits = text;
  for (const { character } of separators) digits = digits.replaceAll(character, '');
  const plain = Array.from(digits, (digit) => String.fromCodePoint(Math.max(0, digit.codePointAt(0)! - zero + 0x30)));
  const number = plain.join('');
  // After 0x the original reads hexadecimal digits.
  return Number.parseInt(number, /^\s*[-+]?0x/i.test(number) ? 16 : 10);
}

function sequenceUnsupported(): JsonataError {
  return new JsonataError('D3130', 'A picture without digits is not supported');
}
