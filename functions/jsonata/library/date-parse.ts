import { compileRegex, RegexError, type Regex } from '../../regex/regex.ts';
import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { dateField, dayNames, monthNames } from './date-fields.ts';
import { parseDatePicture, type DateMarker } from './date-picture.ts';
import { integerPattern, parseInteger } from './integer-picture.ts';

const isoPattern = /^\d{4}(-[01]\d)?(-[0-3]\d)?(T[0-2]\d:[0-5]\d:[0-5]\d)?(\.\d+)?([+-][0-2]\d:?[0-5]\d|Z)?$/;

/** Milliseconds since 1970 of an ISO 8601 time; without a zone it is UTC. Throws D3110. */
export function parseIsoDate(text: string): number {
  const found = text.length <= 64 ? isoPattern.exec(text) : null;
  if (found === null) throw new JsonataError('D3110', 'The text is not an ISO 8601 time');
  // A time of day without a zone would be the machine's own.
  return Date.parse(found[3] !== undefined && found[5] === undefined ? `${text}Z` : text);
}

/**
 * Milliseconds since 1970 of a text that follows a picture, `undefined` where it does not. What is more significant
 * than all that the text says is taken from the evaluation's time, what is less is the smallest. Throws D3136 for gaps.
 */
export function parseDate(text: string, picture: string, run: Run): number | undefined {
  const parts = parseDatePicture(picture);
  const readers = parts.map((part) => ('literal' in part ? undefined : reader(part)));
  const pattern = parts
    .map((part, index) => `(${'literal' in part ? escaped(part.literal) : readers[index]!.pattern})`)
    .join('');
  // Compiling is what costs: about half a microsecond a character.
  run.spend(100 + pattern.length * 10);
  const found = compilePattern(`^${pattern}$`).exec(run.text(text), 0, (steps) => run.spend(1 + (steps >> 2)));
  if (found === undefined) return undefined;
  const fields = new Map<string, number>();
  for (const [index, part] of parts.entries()) {
    const value = readers[index]?.read(found.groups[index] ?? '');
    if (value !== undefined && 'component' in part) fields.set(part.component, value);
  }
  if (fields.size === 0) return undefined;
  return assemble(fields, new Date(run.now));
}

function compilePattern(pattern: string): Regex {
  try {
    return compileRegex(pattern, 'i');
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw new JsonataError('D3136', 'The picture has too many parts to parse with');
  }
}

interface Reader {
  readonly pattern: string;
  read(text: string): number | undefined;
}

function reader(part: DateMarker): Reader {
  const { component, integer, parseWidth } = part;
  if (component === 'Z' || component === 'z') return zoneReader(part);
  if (component === 'f') return { pattern: '[0-9]+', read: (text) => Number(`0.${text.slice(0, 3)}`) * 1000 };
  if (integer === undefined) return nameReader(part);
  return { pattern: integerPattern(integer, parseWidth), read: (text) => parseInteger(text, integer) };
}

function zoneReader({ component, integer }: DateMarker): Reader {
  const separator = integer !== undefined && integer.interval > 0 ? integer.separators[0]?.character : undefined;
  const prefix = component === 'z' ? 'GMT' : '';
  return {
    pattern: `${prefix}[-+][0-9]+${separator === undefined ? '' : `${escaped(separator)}[0-9]+`}`,
    read(text) {
      const offset = text.slice(prefix.length);
      const at = separator === undefined ? (offset.length <= 3 ? offset.length : 3) : offset.indexOf(separator);
      const hours = Number.parseInt(offset.slice(0, at), 10);
      const minutes = Number.parseInt(offset.slice(separator === undefined ? at : at + 1), 10) || 0;
      return hours * 60 + (offset.startsWith('-') ? -minutes : minutes);
    },
  };
}

function nameReader({ component, maximumWidth }: DateMarker): Reader {
  const names = component === 'M' || component === 'x' ? monthNames : component === 'F' ? dayNames : undefined;
  if (names === undefined && component !== 'P') {
    throw new JsonataError('D3133', `The component ${component} has no names, only months and days have`);
  }
  const values = new Map<string, number>(
    names === undefined
      ? [
          ['am', 0],
          ['AM', 0],
          ['pm', 1],
          ['PM', 1],
        ]
      : names.map((name, index) => [name.slice(0, maximumWidth), index + 1]),
  );
  return { pattern: '[a-zA-Z]+', read: (text) => values.get(text) };
}

/** Which components can tell a date, and which a time, from the most significant on. */
const dateForms = ['YMD', 'Yd', 'Xxw', 'XW'] as const;
const timeForms = ['Hmsf', 'Phmsf'] as const;

function assemble(fields: Map<string, number>, now: Date): number {
  const dateForm = formOf(fields, 'YXMxWwdD', dateForms) ?? 'YMD';
  const timeForm = formOf(fields, 'PHhmsf', timeForms) ?? 'Hmsf';
  if (dateForm === 'Xxw' || dateForm === 'XW') throw new JsonataError('D3136', 'Dates by week cannot be parsed');
  complete(fields, dateForm + timeForm, now);
  const value = (component: string): number => fields.get(component) ?? 0;
  const isByDay = dateForm === 'Yd';
  const hour = timeForm === 'Hmsf' ? value('H') : (value('h') % 12) + (value('P') === 1 ? 12 : 0);
  const millis = Date.UTC(
    value('Y'),
    isByDay ? 0 : Math.max(0, value('M') - 1),
    isByDay ? value('d') : value('D'),
    hour,
    value('m'),
    value('s'),
    value('f'),
  );
  return millis - (value('Z') || value('z')) * 60_000;
}

/** The first form that says nothing less than the fields do. A zero says nothing, as in the original. */
function formOf<Form extends string>(
  fields: ReadonlyMap<string, number>,
  relevant: string,
  forms: readonly Form[],
): Form | undefined {
  const given = Array.from(relevant).filter((component) => Boolean(fields.get(component)));
  return given.length === 0 ? undefined : forms.find((form) => given.every((component) => form.includes(component)));
}

function complete(fields: Map<string, number>, form: string, now: Date): void {
  let isStarted = false;
  let hasEnded = false;
  for (const component of form) {
    if (fields.get(component) !== undefined) {
      if (hasEnded) throw new JsonataError('D3136', 'The picture leaves out something between what it has');
      isStarted = true;
    } else if (isStarted) {
      fields.set(component, 'MDd'.includes(component) ? 1 : 0);
      hasEnded = true;
    } else {
      fields.set(component, component === 'P' ? Number(now.getUTCHours() >= 12) : Number(dateField(now, component)));
    }
  }
}

function escaped(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
