import { type BusPlace, over, type Positions, readRecords, type RecordPage } from '../history.ts';
import { type LedgerRecord, nameLength } from '../ledger.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ShardPlace } from '../ports/shard.ts';
import type { EventFilter, KeptEvent, WaitingDelivery } from './query.ts';

/** Everything that the shards of a bus have of the events of one id. */
export interface Findings {
  /** Newest first. */
  readonly events: readonly KeptEvent[];
  /** Where each shard goes on to look for more; absent when all was looked through. */
  readonly positions?: Positions;
  /** Newest first. */
  readonly records: readonly LedgerRecord[];
  readonly waiting: readonly WaitingDelivery[];
  /** Something may be missing, because there was more to look through than one request does. */
  readonly incomplete: readonly ('records' | 'waiting')[];
}

export interface Wanted {
  readonly filter: EventFilter & { readonly id: string };
  readonly positions?: Positions | undefined;
}

/** Of one shard. */
const mostEvents = 10;
const mostRecords = 1_000;
/** UTF-16 units of events that one look brings: an event has up to a million. */
const eventLength = 4_000_000;

export async function findEvents(ledger: Ledger, bus: BusPlace, wanted: Wanted): Promise<Findings> {
  const { filter } = wanted;
  const [events, history, waiting] = await Promise.all([
    lookForEvents(ledger, bus, wanted),
    readHistory(ledger, bus, filter),
    Promise.all(shardsOf(bus).map((shard) => ledger.waiting(shard, filter.id))),
  ]);
  return {
    ...events,
    records: history.records,
    waiting: waiting
      .flatMap(({ items }) => items)
      .filter(({ source }) => filter.source === undefined || source === filter.source.slice(0, nameLength)),
    incomplete: [
      ...(history.isAll ? [] : (['records'] as const)),
      ...(waiting.some(({ incomplete }) => incomplete) ? (['waiting'] as const) : []),
    ],
  };
}

/** Looks of 32 MB: some 50 to 100 ms each. A request of a Worker makes a thousand calls at most. */
function looksFor(shards: number): number {
  return Math.max(2, Math.min(48, Math.floor(256 / shards)));
}

async function lookForEvents(
  ledger: Ledger,
  bus: BusPlace,
  { filter, positions = [] }: Wanted,
): Promise<Pick<Findings, 'events' | 'positions'>> {
  const pages = await Promise.all(
    shardsOf(bus).map(async (shard) => {
      const items: KeptEvent[] = [];
      let after = positions[shard.shard];
      for (let looks = looksFor(bus.shards); after !== over && looks > 0 && items.length < mostEvents; looks--) {
        const limit = mostEvents - items.length;
        const begin = after === undefined ? {} : { after };
        const page = await ledger.events(shard, { filter, limit, eventLength, ...begin });
        items.push(...page.items);
        after = page.reached ?? over;
      }
      return { items, after };
    }),
  );
  const events = pages.flatMap(({ items }) => items).toSorted((one, other) => other.receipt.at - one.receipt.at);
  const isAll = pages.every(({ after }) => after === over);
  return { events, ...(isAll ? {} : { positions: pages.map(({ after }) => after) }) };
}

/** A page may end before there are enough of them. */
const mostPages = 4;

async function readHistory(
  ledger: Ledger,
  bus: BusPlace,
  { id, source, type }: EventFilter,
): Promise<{ readonly records: readonly LedgerRecord[]; readonly isAll: boolean }> {
  const filter = {
    ...(id === undefined ? {} : { eventId: id }),
    ...(source === undefined ? {} : { source }),
    ...(type === undefined ? {} : { type }),
  };
  const records: LedgerRecord[] = [];
  let positions: Positions | undefined = [];
  for (let pages = 0; pages < mostPages && positions !== undefined && records.length < mostRecords; pages++) {
    const limit = mostRecords - records.length;
    const page: RecordPage = await readRecords(ledger, bus, { filter, limit, positions });
    records.push(...page.records);
    ({ positions } = page);
  }
  return { records, isAll: positions === undefined };
}

function shardsOf({ tenant, bus, shards }: BusPlace): ShardPlace[] {
  return Array.from({ length: shards }, (_, shard) => ({ tenant, bus, shard }));
}
