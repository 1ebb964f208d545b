import { JsonataError } from '../error.ts';
import { regularInterval } from './integer-picture.ts';

export const defaultSymbols = {
  'decimal-separator': '.',
  'grouping-separator': ',',
  'exponent-separator': 'e',
  infinity: 'Infinity',
  'minus-sign': '-',
  NaN: 'NaN',
  percent: '%',
  'per-mille': '\u2030',
  'zero-digit': '0',
  digit: '#',
  'pattern-separator': ';',
} as const;

/** What stands for what in a picture. */
export type Symbols = Record<keyof typeof defaultSymbols, string>;

/** One part of a picture: for positive or for negative numbers. */
export interface Part {
  readonly text: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly minimumInteger: number;
  /** Digits before the decimal separator where there is an exponent. */
  readonly scaling: number;
  readonly minimumFraction: number;
  readonly maximumFraction: number;
  /** 0 without an exponent. */
  readonly minimumExponent: number;
  readonly integerSeparators: readonly number[];
  readonly interval: number;
  readonly fractionSeparators: readonly number[];
}

interface Pieces {
  readonly text: string;
  readonly active: string;
  readonly mantissa: string;
  readonly integer: string;
  readonly fraction: string;
  readonly exponent: string | undefined;
}

/** Throws D3081 to D3093. */
export function parsePart(text: string, symbols: Symbols): Part {
  const isActive = (character: string): boolean =>
    isDigit(character, symbols) ||
    [symbols['decimal-separator'], symbols['grouping-separator'], symbols.digit, symbols['pattern-separator']].includes(
      character,
    );
  const characters = Array.from(text);
  const first = characters.findIndex(isActive);
  const last = characters.findLastIndex(isActive);
  const prefix = first === -1 ? '' : characters.slice(0, first).join('');
  const suffix = last === -1 ? '' : characters.slice(last + 1).join('');
  const active = text.slice(prefix.length, text.length - suffix.length);
  // A separator right behind the digits is one as well, though of an exponent without digits.
  const found = text.indexOf(symbols['exponent-separator'], prefix.length);
  const exponentAt = found > text.length - suffix.length ? -1 : found - prefix.length;
  const mantissa = exponentAt < 0 ? active : active.slice(0, exponentAt);
  const exponent = exponentAt < 0 ? undefined : active.slice(exponentAt + symbols['exponent-separator'].length);
  const [integer = '', ...fractions] = mantissa.split(symbols['decimal-separator']);
  const pieces = { text, active, mantissa, integer, fraction: fractions.join(''), exponent };
  checkPart(pieces, symbols, isActive);
  return { text, prefix, suffix, ...analyse(pieces, symbols) };
}

/** The rules of F&O 4.7.3. Where several are broken, the last one names the error. */
function checkPart(pieces: Pieces, symbols: Symbols, isActive: (character: string) => boolean): void {
  const { text, active, mantissa, integer, fraction, exponent } = pieces;
  const {
    percent,
    digit,
    'per-mille': perMille,
    'decimal-separator': decimal,
    'grouping-separator': grouping,
  } = symbols;
  const hasScale = text.includes(percent) || text.includes(perMille);
  const digitsIn = (piece: string): boolean => Array.from(piece).some((one) => isDigit(one, symbols));
  const isRepeated = (symbol: string): boolean => text.indexOf(symbol) !== text.lastIndexOf(symbol);
  const rules: readonly [code: string, isBroken: boolean, message: string][] = [
    ['D3081', isRepeated(decimal), 'has two decimal separators'],
    ['D3082', isRepeated(percent), 'has two percent signs'],
    ['D3083', isRepeated(perMille), 'has two per-mille signs'],
    ['D3084', text.includes(percent) && text.includes(perMille), 'has a percent and a per-mille sign'],
    ['D3085', !digitsIn(mantissa) && !mantissa.includes(digit), 'has no digit'],
    [
      'D3086',
      Array.from(active).some((one) => !isActive(one) && one !== symbols['exponent-separator']),
      'has other characters between its digits',
    ],
    [
      'D3087',
      text.includes(grouping + decimal) || text.includes(decimal + grouping),
      'has a grouping separator beside the decimal separator',
    ],
    ['D3088', !text.includes(decimal) && integer.endsWith(grouping), 'ends its integer part with a grouping separator'],
    ['D3089', text.includes(grouping + grouping), 'has two grouping separators in a row'],
    [
      'D3090',
      integer.includes(digit) && digitsIn(integer.slice(0, integer.indexOf(digit))),
      'has an optional digit behind a mandatory one',
    ],
    [
      'D3091',
      fraction.includes(digit) && digitsIn(fraction.slice(fraction.lastIndexOf(digit))),
      'has an optional digit of the fraction before a mandatory one',
    ],
    ['D3092', exponent !== undefined && exponent !== '' && hasScale, 'has an exponent and a percent or per-mille sign'],
    [
      'D3093',
      exponent !== undefined && (exponent === '' || !Array.from(exponent).every((one) => isDigit(one, symbols))),
      'has an exponent that is not all digits',
    ],
  ];
  const broken = rules.findLast(([, isBroken]) => isBroken);
  if (broken !== undefined) throw new JsonataError(broken[0], `A part of the picture ${broken[2]}`);
}

/** F&O 4.7.4 */
function analyse({ integer, fraction, exponent }: Pieces, symbols: Symbols): Omit<Part, 'text' | 'prefix' | 'suffix'> {
  const count = (piece: string, withOptional: boolean): number =>
    Array.from(piece).filter((one) => isDigit(one, symbols) || (withOptional && one === symbols.digit)).length;
  const scaling = count(integer, false);
  let minimumInteger = scaling;
  let minimumFraction = count(fraction, false);
  let maximumFraction = count(fraction, true);
  if (minimumInteger === 0 && maximumFraction === 0) {
    if (exponent === undefined) minimumInteger = 1;
    else minimumFraction = maximumFraction = 1;
  }
  if (exponent !== undefined && minimumInteger === 0 && integer.includes(symbols.digit)) minimumInteger = 1;
  if (minimumInteger === 0 && minimumFraction === 0) minimumFraction = 1;
  const pieces = integer.split(symbols['grouping-separator']);
  const integerSeparators = pieces.slice(1).map((_, index) => count(pieces.slice(index + 1).join(''), true));
  const fractionPieces = fraction.split(symbols['grouping-separator']);
  const fractionSeparators = fractionPieces
    .slice(1)
    .map((_, index) => count(fractionPieces.slice(0, index + 1).join(''), true));
  return {
    minimumInteger,
    scaling,
    minimumFraction,
    maximumFraction,
    minimumExponent: exponent === undefined ? 0 : count(exponent, false),
    integerSeparators,
    interval: regularInterval(integerSeparators),
    fractionSeparators,
  };
}

function isDigit(character: string, symbols: Symbols): boolean {
  const value = character.charCodeAt(0) - symbols['zero-digit'].charCodeAt(0);
  return character.length === 1 && value >= 0 && value <= 9;
}
