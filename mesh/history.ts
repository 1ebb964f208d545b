import type { LedgerFilter, LedgerPage, LedgerRecord } from './ledger.ts';
import type { Ledger } from './ports/ledger.ts';
import type { ShardPlace } from './ports/shard.ts';
import { mergePages, type MergedPage, type ShardPage } from './shard-pages.ts';
import type { EventFilter, EventPage, KeptEvent } from './trace/query.ts';

/** A bus as its queue has it. */
export interface BusPlace extends Omit<ShardPlace, 'shard'> {
  readonly shards: number;
}

/** Where each shard goes on. */
export type Positions = readonly (string | undefined)[];

export interface RecordsWanted {
  readonly filter: LedgerFilter;
  readonly limit: number;
  readonly positions?: Positions | undefined;
  /** UTF-16 units of dead letters' events in the answer, of all shards together. */
  readonly eventLength?: number;
}

export interface RecordPage {
  readonly records: readonly LedgerRecord[];
  readonly positions?: Positions;
}

/** What happened on a bus, newest first over all of its shards. A page may have fewer than `limit` and yet be followed by more. */
export async function readRecords(ledger: Ledger, bus: BusPlace, wanted: RecordsWanted): Promise<RecordPage> {
  const { filter, limit, positions = [], eventLength = 0 } = wanted;
  const share = eventLength === 0 ? {} : { eventLength: eventLength / bus.shards };
  const pages = await askShards(bus, positions, (shard, after): Promise<LedgerPage> =>
    ledger.list(shard, { filter, limit, ...after, ...share }),
  );
  const { items, ...rest } = mergePages(pages, {
    ...common,
    limit,
    positions,
    isBefore: (one, other) => one.record.at > other.record.at,
  });
  return { records: items.map(({ record }) => record), ...rest };
}

export interface EventsWanted {
  readonly filter: EventFilter;
  readonly limit: number;
  readonly positions?: Positions | undefined;
  /** UTF-16 units of events in the answer, of all shards together: where they are used up the page ends. */
  readonly eventLength?: number;
}

/** The events that a bus keeps, as `readRecords` does it. */
export async function readEvents(
  ledger: Ledger,
  bus: BusPlace,
  { filter, limit, positions = [], eventLength = 0 }: EventsWanted,
): Promise<MergedPage<KeptEvent, string>> {
  const share = eventLength === 0 ? {} : { eventLength: eventLength / bus.shards };
  const pages = await askShards(bus, positions, async (shard, after): Promise<EventPage> => {
    const page = await ledger.events(shard, { filter, limit, ...after, ...share });
    return eventLength === 0 ? page : untilWithout(page);
  });
  return mergePages(pages, {
    ...common,
    limit,
    positions,
    isBefore: (one, other) => one.receipt.at > other.receipt.at,
  });
}

/** Stands for a shard that has nothing older: what comes from now on is on no later page. */
export const over = 'over';

const common = { positionOf: ({ position }: { readonly position: string }) => position, over };

/** Up to the first event that there was no more room for; the first one always has some. */
function untilWithout({ items, ...rest }: EventPage): EventPage {
  const end = items.findIndex(({ event }) => event === undefined);
  const last = items[end - 1];
  return last === undefined ? { items, ...rest } : { items: items.slice(0, end), reached: last.position };
}

function askShards<Item>(
  { tenant, bus, shards }: BusPlace,
  positions: Positions,
  ask: (shard: ShardPlace, after: { readonly after?: string }) => Promise<ShardPage<Item, string>>,
): Promise<ShardPage<Item, string>[]> {
  return Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const after = positions[shard];
      if (after === over) return { items: [] };
      return ask({ tenant, bus, shard }, after === undefined ? {} : { after });
    }),
  );
}
