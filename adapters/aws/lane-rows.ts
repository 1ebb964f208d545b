import { frame } from '../../mesh/frame.ts';
import { isOrdered } from '../../mesh/lane.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { LaneRow } from '../sqlite/lane-store.ts';
import { toRows, weigh } from '../sqlite/log-rows.ts';
import { collections, toSortKey } from './keys.ts';
import type { Packer } from './packed.ts';
import { inSteps, type Item, type Table } from './table.ts';

/** The rows of lanes: each is a few messages in order, and an item. What is there waits, what was delivered is not. */
export interface LaneRows {
  /** Writes messages to the end of a lane. */
  insert(place: ShardPlace, lane: string, messages: readonly string[], from: InsertAt): Promise<void>;
  /** The first rows, at most `limit`; those that are due where the lane has no order. */
  head(place: ShardPlace, lane: string, limit: number): Promise<readonly StoredRow[]>;
  replace(place: ShardPlace, row: StoredRow, after: LaneRow): Promise<void>;
  delete(place: ShardPlace, rows: readonly StoredRow[]): Promise<void>;
  /** Whether a turn would find something. */
  hasDue(place: ShardPlace, lane: string): Promise<boolean>;
  count(place: ShardPlace, lane: string, most: number): Promise<number>;
  /** The first rows whether they are due or not. */
  all(place: ShardPlace, lane: string, limit: number): Promise<readonly StoredRow[]>;
}

export interface StoredRow extends LaneRow {
  readonly item: Item;
}

export interface InsertAt {
  readonly due: number;
  /** Of the first row; the others follow. */
  readonly sequence: number;
}

export function createLaneRows(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly now: () => number;
}): LaneRows {
  const { table, packer, now } = options;

  async function toItem(place: ShardPlace, row: LaneRow, sk: string): Promise<Item> {
    const { lane, place: at, sequence, due, failures, deliveries, body } = row;
    const packed = await packer.pack('lanes', body);
    return { pk: collections.lane(place, lane), sk, at, sequence, due, failures, deliveries, ...packed };
  }

  async function read(place: ShardPlace, lane: string, limit: number, to?: string): Promise<readonly StoredRow[]> {
    const { items } = await table.query({
      pk: collections.lane(place, lane),
      limit,
      ...(to === undefined ? {} : { to }),
    });
    return inSteps(items, async (item) => ({
      lane,
      place: Number(item['at']),
      sequence: Number(item['sequence']),
      due: Number(item['due']),
      failures: Number(item['failures']),
      deliveries: Number(item['deliveries']),
      body: await packer.unpack(item),
      item,
    }));
  }

  /** Where there is no order, rows lie by their time, and what is not due is not looked at. */
  function upToNow(lane: string): string | undefined {
    return isOrdered(lane) ? undefined : `${toTime(now())}~`;
  }

  return {
    async insert(place, lane, messages, { due, sequence }) {
      const at = isOrdered(lane) ? 0 : due;
      const rows = toRows(messages).map((part, index): LaneRow => {
        const deliveries = weigh(part);
        return { lane, place: at, sequence: sequence + index, due, failures: 0, deliveries, body: frame(part) };
      });
      const items = await inSteps(rows, (row) => toItem(place, row, newSortKey(row)));
      const [only] = items;
      if (items.length === 1 && only !== undefined) await table.put(only);
      else await table.putMany(items);
    },
    head: (place, lane, limit) => read(place, lane, limit, upToNow(lane)),
    all: (place, lane, limit) => read(place, lane, limit),
    async replace(place, row, after) {
      const sk = after.place === row.place ? row.item.sk : newSortKey(after);
      await table.put(await toItem(place, after, sk));
      if (sk !== row.item.sk) await table.delete(row.item);
      await packer.discard([row.item]);
    },
    async delete(_place, rows) {
      const [only] = rows;
      if (rows.length === 1 && only !== undefined) await table.delete(only.item);
      else await table.deleteMany(rows.map(({ item }) => item));
      await packer.discard(rows.map(({ item }) => item));
    },
    async hasDue(place, lane) {
      const to = upToNow(lane);
      const { count } = await table.count({
        pk: collections.lane(place, lane),
        limit: 1,
        ...(to === undefined ? {} : { to }),
      });
      return count > 0;
    },
    async count(place, lane, most) {
      const { count } = await table.count({ pk: collections.lane(place, lane), limit: most });
      return count;
    },
  };
}

/** Unique, also where two have the same number: a lane that was empty may begin its numbers anew. */
function newSortKey({ place, sequence }: LaneRow): string {
  return `${toTime(place)}-${toSortKey(sequence)}-${crypto.randomUUID().slice(0, 8)}`;
}

function toTime(milliseconds: number): string {
  return String(Math.floor(milliseconds)).padStart(13, '0');
}
