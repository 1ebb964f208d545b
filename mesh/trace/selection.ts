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

/** @throws TulleError `request_invalid` */
export function selectEvents(url: string, now: number): Selection<EventFilter> {
  const read = readParameters(url, ['id', 'source', 'type', ...common]);
  return select(read, { id: read('id') }, now);
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

function readStatus(read: Parameters): DeliveryStatus | undefined {
  const text = read('status');
  if (text === undefined || statuses.includes(text)) return text as DeliveryStatus | undefined;
  throw invalid('status', `There is no status ${JSON.stringify(text)}.`, `Use one of ${statuses.join(', ')}.`);
}
