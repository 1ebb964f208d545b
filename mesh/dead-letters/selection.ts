import { invalid, present, readLimit, readParameters, readTime } from '../parameters.ts';
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

/**
 * Parameters that are not known are refused: with a misspelt filter a purge would take everything.
 * @throws TulleError `request_invalid`
 */
export function readSelection(url: string): Selection {
  const text = readParameters(url, parameters);
  const cursor = readCursor(text('cursor'));
  const before = cursor?.before ?? readTime(text, 'before');
  const named = { rule: text('rule'), target: text('target'), type: text('type'), source: text('source') };
  return {
    filter: present({ ...named, eventId: text('event'), before }),
    limit: readLimit(text),
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
