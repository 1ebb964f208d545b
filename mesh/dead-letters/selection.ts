import { TulleError } from '../../event/error.ts';
import type { DeadLetterFilter } from './query.ts';

/** What a request asks for by its query. */
export interface Selection {
  readonly filter: DeadLetterFilter;
  readonly limit: number;
  readonly cursor?: Cursor;
}

/** Where the next page begins. */
export interface Cursor {
  /** The filter's, as it was for the first page. */
  readonly before?: number;
  /** Of each shard, the sequence number after which it goes on; `undefined` where it has not begun. */
  readonly positions: readonly (number | undefined)[];
}

const parameters = ['rule', 'target', 'type', 'source', 'event', 'before', 'limit', 'cursor'];
const most = 1_000;

/**
 * Parameters that are not known are refused: with a misspelt filter a purge would take everything.
 * @throws TulleError `request_invalid`
 */
export function readSelection(url: string): Selection {
  const query = new URL(url).searchParams;
  for (const name of query.keys()) {
    if (!parameters.includes(name)) throw invalid(name, 'There is no such parameter.', `Use ${parameters.join(', ')}.`);
    if (query.getAll(name).length > 1) throw invalid(name, 'The parameter is there twice.', 'Send it once.');
  }
  const text = (name: string): string | undefined => query.get(name) ?? undefined;
  const cursor = readCursor(text('cursor'));
  const before = cursor?.before ?? readTime(text('before'));
  const named = { rule: text('rule'), target: text('target'), type: text('type'), source: text('source') };
  return {
    filter: withoutAbsent({ ...named, eventId: text('event'), before }),
    limit: readLimit(text('limit')),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** `before`, then a number a shard, with `-` for what there is none of. */
export function writeCursor({ before, positions }: Cursor): string {
  return [before, ...positions].map((value) => value ?? '-').join('.');
}

function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  if (!/^(?:-|\d{1,15})(?:\.(?:-|\d{1,16})){1,64}$/.test(text)) {
    throw invalid('cursor', 'The cursor is not one of ours.', 'Send the cursor of the last answer, or none.');
  }
  const [before, ...positions] = text.split('.').map((value) => (value === '-' ? undefined : Number(value)));
  return { positions, ...(before === undefined ? {} : { before }) };
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw invalid('before', 'It is no time.', 'Use milliseconds since 1970, or 2026-01-31T12:00:00Z.');
}

function readLimit(text = '100'): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= most) return limit;
  throw invalid('limit', `The limit is not a number from 1 to ${most}.`, 'Use limit=100.');
}

function withoutAbsent(filter: { readonly [Name in keyof DeadLetterFilter]: DeadLetterFilter[Name] | undefined }) {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as DeadLetterFilter;
}

function invalid(place: string, message: string, mend: string): TulleError {
  return new TulleError('request_invalid', message, { place, mend });
}
