import { TulleError } from '../event/error.ts';

/** A parameter of a request's query by its name. */
export type Parameters = (name: string) => string | undefined;

/**
 * Parameters that are not known are refused: a misspelt filter would be none.
 * @throws TulleError `request_invalid`
 */
export function readParameters(url: string, known: readonly string[]): Parameters {
  const query = new URL(url).searchParams;
  for (const name of query.keys()) {
    if (!known.includes(name)) throw invalid(name, 'There is no such parameter.', `Use ${known.join(', ')}.`);
    if (query.getAll(name).length > 1) throw invalid(name, 'The parameter is there twice.', 'Send it once.');
  }
  return (name) => query.get(name) ?? undefined;
}

/** Milliseconds since the epoch. @throws TulleError `request_invalid` */
export function readTime(read: Parameters, name: string): number | undefined {
  const text = read(name);
  if (text === undefined) return undefined;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw invalid(name, 'It is no time.', 'Use milliseconds since 1970, or 2026-01-31T12:00:00Z.');
}

/** @throws TulleError `request_invalid` */
export function readLimit(read: Parameters, most = 1_000): number {
  const text = read('limit') ?? '100';
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= most) return limit;
  throw invalid('limit', `The limit is not a number from 1 to ${most}.`, 'Use limit=100.');
}

/** What is `undefined` is left out. */
export function present<Values extends object>(values: Values): { [Name in keyof Values]?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Values]?: NonNullable<Values[Name]>;
  };
}

export function invalid(place: string, message: string, mend: string): TulleError {
  return new TulleError('request_invalid', message, { place, mend });
}
