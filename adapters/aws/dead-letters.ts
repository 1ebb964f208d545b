import {
  type DeadLetterEntry,
  type DeadLetterPage,
  type DeadLetterQuery,
  isMeant,
} from '../../mesh/dead-letters/query.ts';
import { redrive, redriveLength } from '../../mesh/dead-letters/redrive.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { collections, type Sequence, toSeconds, toSortKey } from './keys.ts';
import type { Lanes } from './lanes.ts';
import type { Message } from './message.ts';
import { deflateText, inflateText, type Packer } from './packed.ts';
import { chunk, inSteps, type Item, type Table } from './table.ts';

/** The deliveries that were given up: an item each, so that each can be put back by itself. */
export interface DynamoDeadLetters {
  readonly port: DeadLetters;
  insert(place: ShardPlace, records: readonly LedgerRecord[], retentionSeconds: number): Promise<void>;
}

/** Dead letters stay 30 days, or as long as the bus keeps everything: somebody has to come and look. */
const KEPT_SECONDS = 30 * 86_400;
/** Items that one call looks through for what is meant; the next call goes on. */
const LOOKED_AT = 2_000;
const PAGE = 100;
/** Within it nobody else puts back the same. */
const REDRIVE_MS = 60_000;
const TRIES = 50;

export function createDynamoDeadLetters(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly lanes: Lanes;
  readonly sequence: Sequence;
  readonly send: (messages: readonly Message[]) => Promise<void>;
  /** Writes history. */
  readonly record: (place: ShardPlace, records: readonly LedgerRecord[]) => Promise<void>;
  readonly now: () => number;
}): DynamoDeadLetters {
  const { table, packer, lanes, sequence, send, record, now } = options;

  async function insert(place: ShardPlace, { event, ...rest }: LedgerRecord, seconds: number, first: number) {
    const packed = await packer.pack('dead-letters', event ?? '');
    const item = {
      pk: collections.deadLetters(place),
      record: await deflateText(JSON.stringify(rest)),
      ...packed,
      ttl: toSeconds(now()) + seconds,
    };
    // Another process may have given the number away at the same time.
    for (let number = first, tries = 0; ; number = sequence.next(), tries += 1) {
      const isNew = { expression: 'attribute_not_exists(#pk)' };
      if (await table.put({ ...item, sk: toSortKey(number) }, isNew)) return;
      if (tries === TRIES) throw new Error('no number for a dead letter was free');
    }
  }

  function keyOf(place: ShardPlace, number: number) {
    return { pk: collections.deadLetters(place), sk: toSortKey(number) };
  }

  function isOver({ ttl }: Item): boolean {
    return Number(ttl) <= toSeconds(now());
  }

  async function toEntry(item: Item): Promise<DeadLetterEntry> {
    return { sequence: Number(item.sk), record: await toRecord(item) };
  }

  async function withEvent(item: Item): Promise<DeadLetterEntry> {
    const [{ sequence: number, record: rest }, event] = await Promise.all([toEntry(item), packer.unpack(item)]);
    return { sequence: number, record: event === '' ? rest : { ...rest, event } };
  }

  /** The first of those that are there and that nobody else puts back, as many as are put back at once. */
  async function take(place: ShardPlace, asked: readonly number[]) {
    const entries: DeadLetterEntry[] = [];
    const items: Item[] = [];
    let length = 0;
    for (const [looked, number] of asked.entries()) {
      const item = await table.get(keyOf(place, number));
      if (item === undefined || isOver(item)) continue;
      const entry = await withEvent(item);
      length += entry.record.event?.length ?? 0;
      if (length > redriveLength && entries.length > 0) return { entries, items, looked };
      const mine = await table.update(keyOf(place, number), {
        update: 'SET #takenUntil = :until',
        condition: 'attribute_exists(#pk) AND (attribute_not_exists(#takenUntil) OR #takenUntil < :now)',
        values: { ':until': now() + REDRIVE_MS, ':now': now() },
      });
      if (mine === undefined) continue;
      entries.push(entry);
      items.push(item);
    }
    return { entries, items, looked: asked.length };
  }

  return {
    async insert(place, records, retentionSeconds) {
      const numbered = records.map((one) => ({ one, number: sequence.next() }));
      await inSteps(numbered, ({ one, number }) =>
        insert(place, one, Math.max(retentionSeconds, KEPT_SECONDS), number),
      );
    },
    port: {
      async list(place, query) {
        return list(place, query);
      },
      async get(place, number) {
        const item = await table.get(keyOf(place, number));
        return item === undefined || isOver(item) ? undefined : withEvent(item);
      },
      async redrive(place, asked, order) {
        const { entries, items, looked } = await take(place, asked);
        const { sequences, messages, laned, records } = redrive(entries, order);
        const redriven = new Set(sequences);
        const wakes = await lanes.insert(place, laned, now());
        await record(place, records);
        await send([...messages.map((body) => ({ place, body })), ...wakes]);
        // Last: what a crash leaves behind comes twice, and is not lost.
        const [gone, stay] = [
          items.filter(({ sk }) => redriven.has(Number(sk))),
          items.filter(({ sk }) => !redriven.has(Number(sk))),
        ];
        await table.deleteMany(gone);
        await packer.discard(gone);
        for (const item of stay) await table.update(item, { update: 'REMOVE #takenUntil' });
        return { redriven: sequences, looked };
      },
      async delete(place, numbers) {
        let deleted = 0;
        for (const step of chunk([...new Set(numbers)], PAGE)) {
          const found = [...(await table.getMany(step.map((number) => keyOf(place, number)))).values()];
          await table.deleteMany(found);
          await packer.discard(found);
          deleted += found.filter((item) => !isOver(item)).length;
        }
        return deleted;
      },
    },
  };

  async function list(place: ShardPlace, { filter, order, after, limit }: DeadLetterQuery): Promise<DeadLetterPage> {
    const isNewest = order === 'newest';
    const items: DeadLetterEntry[] = [];
    let reached = after;
    for (let looked = 0; looked < LOOKED_AT;) {
      const page = await table.query({
        pk: collections.deadLetters(place),
        limit: PAGE,
        ...(isNewest ? { newestFirst: true } : {}),
        ...(reached === undefined ? {} : isNewest ? { to: toSortKey(reached - 1) } : { from: toSortKey(reached + 1) }),
      });
      const entries = await Promise.all(page.items.filter((item) => !isOver(item)).map(toEntry));
      for (const entry of entries) {
        if (items.length === limit) return { items, ...(reached === undefined ? {} : { reached }) };
        reached = entry.sequence;
        if (isMeant(entry.record, filter)) items.push(entry);
      }
      looked += page.items.length;
      if (page.reached === undefined) return { items };
      reached = Number(page.reached);
    }
    return { items, ...(reached === undefined ? {} : { reached }) };
  }
}

async function toRecord(item: Item): Promise<LedgerRecord> {
  const { record: deflated } = item;
  return JSON.parse(deflated instanceof Uint8Array ? await inflateText(deflated) : '{}') as LedgerRecord;
}
