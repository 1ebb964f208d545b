import { JsonataError } from '../error.ts';
import { checkPictureLength } from './integer-picture.ts';
import { defaultSymbols, parsePart, type Part, type Symbols } from './number-picture.ts';
import { roundHalfEven } from './numbers.ts';

/** Formats as XPath's fn:format-number does; the options replace the symbols of the picture. Throws D3080 to D3093. */
export function formatNumber(value: number, picture: string, options: Readonly<Record<string, unknown>>): string {
  const symbols = { ...defaultSymbols } as Symbols;
  for (const name of Object.keys(defaultSymbols) as (keyof Symbols)[]) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (typeof option !== 'string' || option === '') continue;
    // It may come up once a digit.
    checkPictureLength(option);
    symbols[name] = option;
  }
  checkPictureLength(picture);
  const alternatives = picture.split(symbols['pattern-separator']);
  if (alternatives.length > 2) throw new JsonataError('D3080', 'The picture has more than two parts');
  const [positive, negative] = alternatives.map((text) => parsePart(text, symbols));
  if (value >= 0 || negative !== undefined) return formatPart(value, (value >= 0 ? positive : negative)!, symbols);
  return formatPart(value, { ...positive!, prefix: symbols['minus-sign'] + positive!.prefix }, symbols);
}

function formatPart(value: number, part: Part, symbols: Symbols): string {
  const scale = part.text.includes(symbols.percent) ? 100 : part.text.includes(symbols['per-mille']) ? 1000 : 1;
  const { mantissa, exponent } = withExponent(value * scale, part);
  // toFixed takes no more than a hundred places.
  if (part.maximumFraction > 100)
    throw new JsonataError('D3085', 'A part of the picture has more than 100 digits of fraction');
  const rounded = Math.abs(roundHalfEven(mantissa, part.maximumFraction)).toFixed(part.maximumFraction);
  const [whole = '', places = ''] = rounded.split('.');
  const integer = whole.replace(/^0+/, '').padStart(part.minimumInteger, '0');
  const fraction = places.replace(/0+$/, '').padEnd(part.minimumFraction, '0');
  const digits = group(integer, part, symbols) + separateFraction(fraction, part, symbols);
  const tail = part.minimumExponent === 0 ? '' : formatExponent(exponent, part, symbols);
  return part.prefix + inDigits(digits + tail, symbols) + part.suffix;
}

/** With an exponent, the mantissa has as many digits before the separator as the picture. */
function withExponent(value: number, part: Part): { mantissa: number; exponent: number } {
  let mantissa = value;
  let exponent = 0;
  if (part.minimumExponent > 0 && value !== 0) {
    const most = 10 ** part.scaling;
    const least = 10 ** (part.scaling - 1);
    for (; Math.abs(mantissa) < least && exponent > -700; exponent -= 1) mantissa *= 10;
    for (; Math.abs(mantissa) > most && exponent < 700; exponent += 1) mantissa /= 10;
  }
  return { mantissa, exponent };
}

function group(integer: string, { interval, integerSeparators }: Part, symbols: Symbols): string {
  return Array.from(integer, (digit, index) => {
    const toTheRight = integer.length - index;
    const isSeparated = interval > 0 ? toTheRight % interval === 0 : integerSeparators.includes(toTheRight);
    return index > 0 && isSeparated ? symbols['grouping-separator'] + digit : digit;
  }).join('');
}

function separateFraction(fraction: string, { fractionSeparators }: Part, symbols: Symbols): string {
  if (fraction === '') return '';
  const grouped = Array.from(fraction, (digit, index) =>
    fractionSeparators.includes(index) ? symbols['grouping-separator'] + digit : digit,
  );
  return symbols['decimal-separator'] + grouped.join('');
}

function formatExponent(exponent: number, part: Part, symbols: Symbols): string {
  const sign = exponent < 0 ? symbols['minus-sign'] : '';
  return symbols['exponent-separator'] + sign + String(Math.abs(exponent)).padStart(part.minimumExponent, '0');
}

function inDigits(text: string, symbols: Symbols): string {
  const zero = symbols['zero-digit'].charCodeAt(0);
  if (zero === 0x30) return text;
  return text.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0x30 + zero));
}
