import type { Tally } from '../../mesh/books.ts';
import { answers, type LedgerEntry, type LedgerPage, type LedgerQuery, type LedgerRecord } from '../../mesh/ledger.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { eventsOf, type WaitingDelivery, waitingOf } from '../../mesh/trace/query.ts';
import { addTally, noSums, type Sums } from './books.ts';
import { collections, toPlace, toSeconds, toText } from './keys.ts';
import type { Packer } from './packed.ts';
import type { Item, Table } from './table.ts';

/**
 * What happened, one item for all that was settled together: writes are what DynamoDB bills, a kilobyte each, and ten
 * records of one batch are half of one. Sums for the books are in the same item; they are added up later.
 */
export interface History {
  write(place: ShardPlace, entry: Entry, retentionSeconds: number): Promise<void>;
  list(place: ShardPlace, query: LedgerQuery): Promise<LedgerPage>;
  /** Deliveries of events of this id that were put off and are not due yet. */
  waiting(
    place: ShardPlace,
    eventId: string,
  ): Promise<{ readonly items: WaitingDelivery[]; readonly incomplete: boolean }>;
  /** As they are now. */
  sums(place: ShardPlace): Promise<Sums>;
  /** Adds up what is long written, on every shard, before its items are deleted. */
  fold(): Promise<void>;
}

export interface Entry {
  readonly records: readonly LedgerRecord[];
  readonly tally?: Tally | undefined;
  readonly quarantined?: number;
  /** What goes back into the queue, to be found while it is not due. */
  readonly later?: readonly { readonly body: string; readonly dueAt: number }[];
}

interface Stored {
  readonly records: readonly LedgerRecord[];
  readonly tally?: Tally;
  readonly quarantined?: number;
  readonly later?: readonly (WaitingDelivery & { readonly id: string })[];
}

/** Items of a call, and those that a look of an operator's takes. */
const PAGE = 50;
const LOOKED_AT = 1_000;
/** Items are folded every hour or so; until then they have to be there. */
const LEAST_SECONDS = 7_200;
const FOLD_MS = 600_000;
/** Of one shard at a time: 20,000 settlements are some seconds. */
const FOLD_PAGES = 400;
/** A process that wrote later than another may still be on its way; its clock may be behind. */
const SETTLED_MS = 300_000;

export function createHistory(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly now: () => number;
}): History {
  const { table, packer, now } = options;
  const known = new Set<string>();
  let lastAt = 0;
  let counter = 0;

  /** In the order of writing, also where the clock stands still. */
  function newSortKey(): string {
    const at = Math.max(Math.floor(now()), lastAt);
    counter = at === lastAt ? counter + 1 : 0;
    lastAt = at;
    return `${toTime(at)}-${String(counter).padStart(6, '0')}-${crypto.randomUUID().slice(0, 8)}`;
  }

  async function remember(place: ShardPlace): Promise<void> {
    const sk = toText(place);
    if (known.has(sk)) return;
    await table.put({ pk: collections.shards, sk });
    known.add(sk);
  }

  async function read(item: Item): Promise<Stored> {
    return JSON.parse(await packer.unpack(item)) as Stored;
  }

  /** Newest first, from a time or from after a position; as many items as asked for are looked at. */
  async function* walk(
    place: ShardPlace,
    { to, from, filter }: { to?: string; from?: string; filter?: 'later' },
  ): AsyncGenerator<{ readonly page: readonly Item[]; readonly reached: string | undefined }> {
    let before = to;
    for (let looked = 0; looked < LOOKED_AT; looked += PAGE) {
      const { items, reached } = await table.query({
        pk: collections.history(place),
        newestFirst: true,
        limit: PAGE,
        ...(from === undefined ? {} : { from }),
        ...(before === undefined ? {} : { to: before }),
        ...(filter === undefined
          ? {}
          : { filter: { expression: '#dueBy > :now', values: { ':now': Math.floor(now()) } } }),
      });
      const page = items.filter(({ sk, until }) => Number(until) > now() && (looked === 0 || sk !== before));
      yield { page, reached };
      if (reached === undefined) return;
      before = reached;
    }
  }

  async function readSums(place: ShardPlace): Promise<{ readonly sums: Sums; readonly upTo: string; item?: Item }> {
    const item = await table.get({ pk: collections.books(place), sk: 'books' });
    if (item === undefined) return { sums: noSums, upTo: '' };
    return { sums: JSON.parse(await packer.unpack(item)) as Sums, upTo: String(item['upTo']), item };
  }

  /** The items after the position and up to a time, added to the sums. */
  async function add(
    place: ShardPlace,
    { sums: start, upTo }: { readonly sums: Sums; readonly upTo: string },
    { to, pages = Number.POSITIVE_INFINITY }: { readonly to?: string; readonly pages?: number } = {},
  ): Promise<{ readonly sums: Sums; readonly upTo: string; readonly isAll: boolean }> {
    let sums = start;
    let last = upTo;
    for (let page = 1; ; page += 1) {
      const { items, reached } = await table.query({
        pk: collections.history(place),
        limit: PAGE,
        ...(last === '' ? {} : { from: `${last}~` }),
        ...(to === undefined ? {} : { to }),
      });
      for (const item of items) {
        const { tally, quarantined } = await read(item);
        sums = addTally(sums, tally ?? { ended: {} }, quarantined);
        last = item.sk;
      }
      if (reached === undefined || page >= pages) return { sums, upTo: last, isAll: reached === undefined };
    }
  }

  return {
    async write(place, { records, tally, quarantined, later = [] }, retentionSeconds) {
      if (records.length === 0 && tally === undefined && quarantined === undefined && later.length === 0) return;
      const put = later.flatMap(({ body, dueAt }) => toWaiting(body, dueAt, place));
      const entry: Stored = {
        records: records.map(({ event: _event, ...rest }) => rest),
        ...(tally === undefined ? {} : { tally }),
        ...(quarantined === undefined ? {} : { quarantined }),
        ...(put.length === 0 ? {} : { later: put }),
      };
      const dueBy = Math.max(0, ...later.map(({ dueAt }) => dueAt));
      const until = now() + retentionSeconds * 1000;
      const [packed] = await Promise.all([packer.pack('history', JSON.stringify(entry)), remember(place)]);
      await table.put({
        pk: collections.history(place),
        sk: newSortKey(),
        ...packed,
        until: Math.max(until, dueBy),
        ttl: toSeconds(Math.max(until, dueBy, now() + LEAST_SECONDS * 1000)),
        ...(dueBy > 0 ? { dueBy } : {}),
      });
    },

    async list(place, { filter, after, limit }) {
      const [from, to] = [filter.from, filter.to];
      const items: LedgerEntry[] = [];
      const [afterItem, afterIndex] = splitPosition(after);
      // A record is written a little after it happened; an attempt may take its minute.
      const latest = to === undefined ? undefined : `${toTime(to + SETTLED_MS)}~`;
      const before = [latest, afterItem].filter((text) => text !== undefined).toSorted()[0];
      const range = {
        ...(from === undefined ? {} : { from: toTime(from) }),
        ...(before === undefined ? {} : { to: before }),
      };
      let reached: string | undefined;
      for await (const { page, reached: looked } of walk(place, range)) {
        for (const item of page) {
          const { records } = await read(item);
          const first = item.sk === afterItem ? Math.min(afterIndex, records.length) : records.length;
          for (let index = first - 1; index >= 0; index -= 1) {
            const record = records[index];
            if (record === undefined || !answers(record, filter)) continue;
            if (items.length === limit) return { items, ...(reached === undefined ? {} : { reached }) };
            reached = `${item.sk}:${index}`;
            items.push({ position: reached, record });
          }
        }
        if (looked === undefined) return { items };
        reached = `${looked}:0`;
      }
      return { items, ...(reached === undefined ? {} : { reached }) };
    },

    async waiting(place, eventId) {
      const found: WaitingDelivery[] = [];
      let incomplete = false;
      for await (const { page, reached } of walk(place, { filter: 'later' })) {
        for (const item of page) {
          const { later = [] } = await read(item);
          for (const { id, ...one } of later) if (id === eventId && one.dueAt > now()) found.push(one);
        }
        incomplete = reached !== undefined;
      }
      return { items: found, incomplete };
    },

    async sums(place) {
      return (await add(place, await readSums(place))).sums;
    },

    async fold() {
      const { items } = await table.query({ pk: collections.shards });
      for (const { sk } of items) {
        const place = toPlace(sk);
        const before = await readSums(place);
        if (Number(before.item?.['foldedAt'] ?? 0) > now() - FOLD_MS) continue;
        const until = { to: toTime(now() - SETTLED_MS), pages: FOLD_PAGES };
        const { sums, upTo, isAll } = await add(place, before, until);
        if (upTo === before.upTo) continue;
        await table.put(
          {
            pk: collections.books(place),
            sk: 'books',
            upTo,
            foldedAt: isAll ? Math.floor(now()) : 0,
            ...(await packer.pack('books', JSON.stringify(sums))),
          },
          // Two functions may do this at a time: one of them counts.
          before.item === undefined
            ? { expression: 'attribute_not_exists(#pk)' }
            : { expression: '#upTo = :upTo', values: { ':upTo': before.upTo } },
        );
      }
    },
  };
}

function toWaiting(body: string, dueAt: number, place: ShardPlace): (WaitingDelivery & { id: string })[] {
  const ids = new Set(eventsOf([body]).map(({ planned }) => planned.event.attributes.id));
  return [...ids].flatMap((id) => waitingOf([body], id, { dueAt }, place).map((one) => ({ ...one, id })));
}

function splitPosition(position: string | undefined): [string | undefined, number] {
  if (position === undefined) return [undefined, 0];
  const at = position.lastIndexOf(':');
  return at < 0 ? [position, 0] : [position.slice(0, at), Number(position.slice(at + 1))];
}

function toTime(milliseconds: number): string {
  return String(Math.max(0, Math.floor(milliseconds))).padStart(13, '0');
}
