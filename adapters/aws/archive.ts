import { frame } from '../../mesh/frame.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { EventPage, EventQuery, KeptEvent } from '../../mesh/trace/query.ts';
import { eventsOf, isSought, toKept } from '../../mesh/trace/query.ts';
import { toMessages, toRows } from '../sqlite/log-rows.ts';
import { collections, type Sequence, toSeconds, toSortKey } from './keys.ts';
import type { Packer } from './packed.ts';
import { inSteps, type Item, type Table } from './table.ts';

/** What archives keep: the messages as they were appended, those of a request in as few items as their size allows. */
export interface Archive {
  /** Answers the row of each message. */
  keep(place: ShardPlace, messages: readonly string[], seconds: number): Promise<readonly string[]>;
  /** These were delivered, or given up. */
  settled(place: ShardPlace, rows: readonly string[]): Promise<void>;
  events(place: ShardPlace, query: EventQuery): Promise<EventPage>;
  /** Rows in order, from this sort key on. */
  rows(place: ShardPlace, from: string, limit: number): Promise<readonly ArchivedRow[]>;
  /** The newest row there is. */
  last(place: ShardPlace): Promise<string | undefined>;
}

export interface ArchivedRow {
  readonly sk: string;
  readonly at: number;
  readonly messages: readonly string[];
}

const PAGE = 25;
/** Rows that one look goes through. */
const LOOKED_AT = 1_000;

export function createArchive(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly sequence: Sequence;
  readonly now: () => number;
}): Archive {
  const { table, packer, sequence, now } = options;

  async function toRow(item: Item): Promise<ArchivedRow> {
    return { sk: item.sk, at: Number(item['at']), messages: toMessages(await packer.unpack(item)) };
  }

  function isKept({ ttl }: Item): boolean {
    return Number(ttl) * 1000 > now();
  }

  return {
    async keep(place, messages, seconds) {
      const rows: string[] = [];
      const ttl = toSeconds(now()) + seconds;
      const items = await inSteps(toRows(messages), async (part): Promise<Item> => {
        const sk = `${toSortKey(sequence.next())}-${crypto.randomUUID().slice(0, 8)}`;
        rows.push(...part.map(() => sk));
        const packed = await packer.pack('archive', frame(part));
        return { pk: collections.archive(place), sk, at: Math.floor(now()), ...packed, ttl };
      });
      const [only] = items;
      if (items.length === 1 && only !== undefined) await table.put(only);
      else await table.putMany(items);
      return rows;
    },
    async settled(place, rows) {
      const ttl = toSeconds(now()) + 86_400 * 30;
      const items = [...new Set(rows)].map((sk): Item => ({ pk: collections.settled(place), sk, ttl }));
      if (items.length > 0) await table.putMany(items);
    },
    async events(place, { filter, after, limit, eventLength = 0 }) {
      const items: KeptEvent[] = [];
      let room = eventLength;
      const [afterRow, afterIndex] = splitPosition(after);
      let before = afterRow;
      let reached: string | undefined;
      for (let looked = 0; looked < LOOKED_AT; looked += PAGE) {
        const page = await table.query({
          pk: collections.archive(place),
          newestFirst: true,
          limit: PAGE,
          ...(before === undefined ? {} : { to: before }),
        });
        const kept = page.items.filter((item) => isKept(item) && (looked === 0 || item.sk !== before));
        const [rows, settled] = await Promise.all([
          Promise.all(kept.map(toRow)),
          table.getMany(kept.map(({ sk }) => ({ pk: collections.settled(place), sk }))),
        ]);
        for (const { sk, messages } of rows) {
          const enclosed = eventsOf(messages);
          const first = sk === afterRow ? Math.min(afterIndex, enclosed.length) : enclosed.length;
          for (let index = first - 1; index >= 0; index -= 1) {
            const one = enclosed[index];
            if (one === undefined || !isSought(one, filter)) continue;
            if (items.length === limit) return { items, ...(reached === undefined ? {} : { reached }) };
            reached = `${sk}:${index}`;
            const { json } = one.planned.event;
            const isShown = room > 0;
            room -= json.length;
            const isSettled = settled.has(`${collections.settled(place)}\n${sk}`);
            items.push(toKept(one, { position: reached, settled: isSettled }, isShown));
          }
        }
        if (page.reached === undefined) return { items };
        before = page.reached;
        reached = `${page.reached}:0`;
      }
      return { items, ...(reached === undefined ? {} : { reached }) };
    },
    async rows(place, from, limit) {
      const { items } = await table.query({ pk: collections.archive(place), limit, ...(from === '' ? {} : { from }) });
      return inSteps(items.filter(isKept), toRow);
    },
    async last(place) {
      const { items } = await table.query({ pk: collections.archive(place), newestFirst: true, limit: 1 });
      return items[0]?.sk;
    },
  };
}

function splitPosition(position: string | undefined): [string | undefined, number] {
  if (position === undefined) return [undefined, 0];
  const at = position.lastIndexOf(':');
  return [position.slice(0, at), Number(position.slice(at + 1))];
}
