import { JsonataError } from '../error.ts';
import { checkPictureLength, parseIntegerPicture, type IntegerPicture } from './integer-picture.ts';

/** A picture of XPath's fn:format-dateTime, such as `[Y0001]-[M01]-[D01]`. */
export type DatePart =
  | { readonly literal: string }
  | {
      readonly component: string;
      /** Where the component is a name: `[MNn]`, `[FN]`, `[Pn]`. */
      readonly names: 'lower' | 'upper' | 'title' | undefined;
      readonly integer: IntegerPicture | undefined;
      readonly maximumWidth: number | undefined;
      /** Digits of the year that are shown; `undefined` for all. */
      readonly yearDigits: number | undefined;
      /** UTC is written as `Z`. */
      readonly zoneLetter: boolean;
      /** When the next component follows without anything between, its digits cannot be told from these. */
      parseWidth: number | undefined;
    };

export type DateMarker = Extract<DatePart, { component: string }>;

const defaultPresentations: Readonly<Record<string, string>> = {
  __proto__: null as never,
  Y: '1',
  M: '1',
  D: '1',
  d: '1',
  F: 'n',
  W: '1',
  w: '1',
  X: '1',
  x: '1',
  H: '1',
  h: '1',
  P: 'n',
  m: '01',
  s: '01',
  f: '1',
  Z: '01:01',
  z: '01:01',
  C: 'n',
  E: 'n',
};
const integerComponents = 'YMDdFWwXxHhmsf';
const widestComponent = 100;

/** Throws D3132 and D3135, and what `parseIntegerPicture` throws. */
export function parseDatePicture(picture: string): DatePart[] {
  checkPictureLength(picture);
  const parts: DatePart[] = [];
  const addLiteral = (text: string): void => {
    if (text !== '') parts.push({ literal: text.replaceAll(']]', ']') });
  };
  let at = 0;
  while (at < picture.length) {
    const open = picture.indexOf('[', at);
    if (open === -1) break;
    addLiteral(picture.slice(at, open));
    if (picture[open + 1] === '[') {
      parts.push({ literal: '[' });
      at = open + 2;
      continue;
    }
    const close = picture.indexOf(']', open);
    if (close === -1) throw new JsonataError('D3135', 'A "[" in the picture has no "]"');
    const marker = parseMarker(picture.slice(open + 1, close).replaceAll(/\s+/g, ''));
    const previous = parts.at(-1);
    if (
      marker.integer !== undefined &&
      isIntegerComponent(marker) &&
      previous !== undefined &&
      'component' in previous &&
      previous.integer !== undefined
    ) {
      previous.parseWidth = previous.integer.mandatoryDigits;
    }
    parts.push(marker);
    at = close + 1;
  }
  addLiteral(picture.slice(at));
  return parts;
}

function isIntegerComponent({ component, names }: DateMarker): boolean {
  return names === undefined && integerComponents.includes(component);
}

function parseMarker(marker: string): DateMarker {
  const component = marker.charAt(0);
  const comma = marker.lastIndexOf(',');
  const width = comma === -1 ? {} : parseWidth(marker.slice(comma + 1));
  const written = marker.slice(1, comma === -1 ? undefined : comma);
  const modifier = written.length > 1 && 'atco'.includes(written.at(-1)!) ? written.at(-1) : undefined;
  const presentation =
    written === '' ? defaultPresentations[component] : modifier === undefined ? written : written.slice(0, -1);
  if (presentation === undefined)
    throw new JsonataError('D3132', `There is no component ${JSON.stringify(component)} in date pictures`);
  const names = nameCase(presentation);
  const isInteger = names === undefined && integerComponents.includes(component);
  const isZone = component === 'Z' || component === 'z';
  let integer: IntegerPicture | undefined;
  if (isInteger) integer = parseIntegerPicture(modifier === undefined ? presentation : `${presentation};${modifier}`);
  else if (isZone) integer = parseIntegerPicture(presentation);
  let yearDigits: number | undefined;
  if (isInteger && integer !== undefined) {
    const isDecimal = integer.style === 'decimal';
    if (isDecimal && width.minimum !== undefined)
      integer.mandatoryDigits = Math.max(integer.mandatoryDigits, width.minimum);
    if (component === 'Y') {
      const digits = integer.mandatoryDigits + integer.optionalDigits;
      if (width.maximum !== undefined) integer.mandatoryDigits = width.maximum;
      yearDigits = width.maximum ?? (isDecimal && digits >= 2 ? digits : undefined);
    }
  }
  return {
    component,
    names,
    integer,
    maximumWidth: width.maximum,
    yearDigits,
    zoneLetter: modifier === 't',
    parseWidth: undefined,
  };
}

/** `n` or `N` or `Nn` */
function nameCase(presentation: string): DateMarker['names'] {
  if (presentation.startsWith('n')) return 'lower';
  if (!presentation.startsWith('N')) return undefined;
  return presentation[1] === 'n' ? 'title' : 'upper';
}

/** `min`, `min-max`, each a number or `*`. */
function parseWidth(text: string): { minimum?: number; maximum?: number } {
  const [minimum, maximum] = text.split('-', 2).map((one) => Number.parseInt(one, 10));
  return {
    ...(minimum === undefined || Number.isNaN(minimum) ? {} : { minimum: checkedWidth(minimum) }),
    ...(maximum === undefined || Number.isNaN(maximum) ? {} : { maximum: checkedWidth(maximum) }),
  };
}

function checkedWidth(width: number): number {
  if (width <= widestComponent) return width;
  throw new JsonataError('D3132', `A component of a date picture is wider than ${widestComponent} characters`);
}
