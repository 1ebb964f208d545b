import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { dateField, dayNames, monthNames } from './date-fields.ts';
import { parseDatePicture, type DateMarker, type DatePart } from './date-picture.ts';
import { formatInteger, parseIntegerPicture } from './integer-picture.ts';

const isoPicture = '[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]';

/** Formats a time as XPath's fn:format-dateTime does; `zone` is `+hhmm` or `-hhmm`. Throws D3132 to D3135. */
export function formatDate(millis: number, picture: string | undefined, zone: string | undefined, run: Run): string {
  const parts = parseDatePicture(picture ?? isoPicture);
  const offset = parseZone(zone);
  const date = new Date(millis + (offset.hours * 60 + offset.minutes) * 60_000);
  if (Number.isNaN(date.getTime())) throw new JsonataError('D3110', 'The time, or its zone, is out of range');
  return parts.map((part) => formatPart(part, date, offset, run)).join('');
}

interface Offset {
  readonly hours: number;
  readonly minutes: number;
}

/** Hours and minutes have the same sign. */
function parseZone(zone: string | undefined): Offset {
  const offset = zone === undefined ? 0 : Number.parseInt(zone, 10);
  return { hours: Math.trunc(offset / 100), minutes: offset % 100 };
}

function formatPart(part: DatePart, date: Date, offset: Offset, run: Run): string {
  if ('literal' in part) return run.text(part.literal);
  const { component, names, integer } = part;
  if (component === 'Z' || component === 'z') return formatZone(part, offset, run);
  const value = dateField(date, component);
  if (typeof value === 'number') {
    if (names !== undefined || integer === undefined) return named(part, value);
    const shown = component === 'Y' && part.yearDigits !== undefined ? value % 10 ** part.yearDigits : value;
    return formatInteger(shown, integer, run);
  }
  const text = value ?? '';
  return component === 'P' && names === 'upper' ? text.toUpperCase() : text;
}

function named({ component, names, maximumWidth }: DateMarker, value: number): string {
  const list: readonly string[] | undefined =
    component === 'M' || component === 'x' ? monthNames : component === 'F' ? dayNames : undefined;
  if (list === undefined)
    throw new JsonataError('D3133', `The component ${component} has no names, only months and days have`);
  const name = list[value - 1] ?? '';
  const cased = names === 'upper' ? name.toUpperCase() : names === 'lower' ? name.toLowerCase() : name;
  return cased.slice(0, maximumWidth);
}

function formatZone({ component, integer, zoneLetter }: DateMarker, { hours, minutes }: Offset, run: Run): string {
  const offset = hours * 100 + minutes;
  if (offset === 0 && zoneLetter) return 'Z';
  const picture = integer ?? parseIntegerPicture('01:01');
  const sign = offset >= 0 ? '+' : '';
  const prefix = component === 'z' ? 'GMT' : '';
  if (picture.interval > 0) return prefix + sign + formatInteger(offset, picture, run);
  const digits = picture.mandatoryDigits;
  if (digits > 4 || digits === 0) throw new JsonataError('D3134', 'The offset of a time zone has at most four digits');
  if (digits > 2) return prefix + sign + formatInteger(offset, picture, run);
  const tail = minutes === 0 ? '' : `:${formatInteger(Math.abs(minutes), parseIntegerPicture('00'), run)}`;
  return prefix + sign + formatInteger(hours, picture, run) + tail;
}
