import { TulleError } from '../../event/error.ts';
import { compileFilter } from '../../functions/filter/compile-filter.ts';
import { evaluate, evaluatedText } from '../../functions/filter/evaluate.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import { filterLanguages } from '../../functions/filter/languages.ts';
import type { Positions } from '../history.ts';
import { type DeliveryStatus, isPosition, type LedgerFilter } from '../ledger.ts';
import { invalid, type Parameters, present, readLimit, readParameters, readTime } from '../parameters.ts';
import type { EventFilter } from './query.ts';

/** What a request asks for by its query. */
export interface Selection<Filter> {
  readonly filter: Filter & { readonly to: number };
  readonly limit: number;
  /** Where the page begins. */
  readonly positions?: Positions;
}

/** @throws TulleError `request_invalid` */
export function selectDeliveries(url: string, now: number): Selection<LedgerFilter> {
  const read = readParameters(url, ['event', 'source', 'type', 'rule', 'target', 'status', ...common]);
  const named = { eventId: read('event'), rule: read('rule'), target: read('target'), status: readStatus(read) };
  return select(read, named, now);
}

/** Kept events as a request wants them. */
export interface KeptSelection extends Selection<EventFilter> {
  /** With the events themselves. */
  readonly data: boolean;
  /** Those that this rule took. */
  readonly rule?: string | undefined;
  /** Those that this filter matches. */
  readonly matches?: ((json: string) => boolean) | undefined;
}

/** @throws TulleError `request_invalid`, `filter_invalid` */
export function selectEvents(url: string, now: number): KeptSelection {
  const read = readParameters(url, ['id', 'source', 'type', 'rule', 'filter', 'data', ...common]);
  const data = read('data') ?? 'false';
  if (data !== 'true' && data !== 'false') throw invalid('data', 'It is neither true nor false.', 'Use data=true.');
  return {
    ...select(read, { id: read('id') }, now),
    data: data === 'true',
    rule: read('rule'),
    matches: readFilter(read('filter')),
  };
}

/** @throws TulleError `request_invalid` */
export function selectEvent(
  url: string,
  id: string,
  now: number,
): Omit<Selection<EventFilter>, 'limit'> & { readonly id: string; readonly rule?: string } {
  const read = readParameters(url, ['source', 'type', 'rule', 'from', 'to', 'cursor']);
  return { ...select(read, {}, now), id, ...present({ rule: read('rule') }) };
}

/** The end of the time that is looked at, then a position for each shard, with `_` for one that has not begun. */
export function writeCursor(to: number, positions: Positions): string {
  return [to, ...positions.map((position) => position ?? '_')].join('.');
}

/** So far may a machine's clock be ahead of ours. */
const clockMs = 60_000;

const common = ['from', 'to', 'limit', 'cursor'];

const statuses: readonly string[] = [
  'delivered',
  'retrying',
  'dead-lettered',
  'redriven',
  'disabled',
  'filtered',
  'expired',
] satisfies DeliveryStatus[];

function select<Named extends object>(
  read: Parameters,
  named: Named,
  now: number,
): Selection<{ [Name in keyof Named]?: NonNullable<Named[Name]> } & Pick<EventFilter, 'source' | 'type' | 'from'>> {
  const cursor = readCursor(read('cursor'));
  // Pages come to an end, whatever comes in meanwhile.
  const to = cursor?.to ?? readTime(read, 'to') ?? now + clockMs;
  const shared = present({ source: read('source'), type: read('type'), from: readTime(read, 'from') });
  return {
    filter: { ...present(named), ...shared, to },
    limit: readLimit(read),
    ...(cursor === undefined ? {} : { positions: cursor.positions }),
  };
}

function readCursor(text: string | undefined): { readonly to: number; readonly positions: Positions } | undefined {
  if (text === undefined) return undefined;
  const [to = '', ...positions] = text.split('.', 66);
  const isOurs = positions.every((position) => position === '_' || isPosition(position));
  if (!isOurs || !/^\d{1,15}$/.test(to) || positions.length === 0 || positions.length > 64) {
    throw invalid('cursor', 'The cursor is not one of ours.', 'Send the cursor of the last answer, or none.');
  }
  return { to: Number(to), positions: positions.map((position) => (position === '_' ? undefined : position)) };
}

/** Any filter of a rule, as JSON. An event on which it fails is not matched, as in a rule. */
function readFilter(text: string | undefined): ((json: string) => boolean) | undefined {
  if (text === undefined) return undefined;
  const mend = 'Use the filter of a rule as JSON: {"pattern":{"type":["order.paid"]}}.';
  if (text.length > filterLength) throw invalid('filter', `It has more than ${filterLength} characters.`, mend);
  let filter: Filter;
  try {
    filter = JSON.parse(text) as Filter;
  } catch {
    throw invalid('filter', 'It is no JSON.', mend);
  }
  const condition = compileFilter(filter, filterLanguages);
  return (json) => {
    try {
      return evaluate(condition, evaluatedText(json));
    } catch (error) {
      if (TulleError.is(error)) return false;
      throw error;
    }
  };
}

const filterLength = 8_192;

function readStatus(read: Parameters): DeliveryStatus | undefined {
  const text = read('status');
  if (text === undefined || statuses.includes(text)) return text as DeliveryStatus | undefined;
  throw invalid('status', `There is no status ${JSON.stringify(text)}.`, `Use one of ${statuses.join(', ')}.`);
}
