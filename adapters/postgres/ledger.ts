import { statusOf } from '../../mesh/delivery/breaker.ts';
import { answers, type LedgerRecord, nameLength } from '../../mesh/ledger.ts';
import type { Ledger } from '../../mesh/ports/ledger.ts';
import { eventsOf, isSought, toKept, type WaitingDelivery, waitingOf } from '../../mesh/trace/query.ts';
import { toMessages } from '../sqlite/log-rows.ts';
import { tellingRuns } from '../sqlite/prefilter.ts';
import { readBooks } from './book-store.ts';
import { readBreakers } from './breaker-store.ts';
import { busOf } from './bus.ts';
import { CLOCK_MS } from './clock.ts';
import type { Sql } from './database.ts';
import { countWaiting } from './lane-store.ts';
import { look, toCondition } from './look.ts';
import { fromStored } from './text.ts';

/** A record is written so long after it was made: a job lasts as long as its targets let it. */
const SETTLE_MS = 900_000;
/** What waits is looked through up to here. */
const WAITING_ROWS = 20_000;
const WAITING_BYTES = 64_000_000;
const ROWS = 200;

/** The history that all processes write. One shard stands for all. */
export function createPostgresLedger(sql: Sql, now: () => number): Ledger {
  async function openOnes(bus: string, ids: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await sql.run('SELECT id FROM message WHERE bus = $1 AND id = ANY ($2::bigint[])', bus, ids);
    return new Set(rows.map((row) => Number(row['id'])));
  }

  return {
    async list(shard, query) {
      if (shard.shard !== 0) return { items: [] };
      const { filter, eventLength = 0 } = query;
      const { eventId, source, type, rule, target, from, to } = filter;
      const isDead = filter.status === 'dead-lettered';
      const bus = busOf(shard);
      let room = eventLength;
      return look(sql, {
        table: isDead ? 'dead_letter' : 'record',
        bus,
        query,
        from: from === undefined ? undefined : from - CLOCK_MS,
        to: to === undefined ? undefined : to + SETTLE_MS,
        strings: tellingRuns([...[eventId, source, type].map((text) => text?.slice(0, nameLength)), rule, target]),
        read: readRecords,
        isSought: (record) => answers(record, filter),
        async toItem(record, position, id) {
          const event = isDead && room > 0 ? await eventOf(sql, bus, id) : undefined;
          room -= event?.length ?? 0;
          return { position, record: event === undefined ? record : { ...record, event } };
        },
      });
    },

    async events(shard, query) {
      if (shard.shard !== 0) return { items: [] };
      const { filter, eventLength = 0 } = query;
      const { id, source, type, from, to } = filter;
      const bus = busOf(shard);
      let room = eventLength;
      const ids = new Map<string, number>();
      const page = await look(sql, {
        table: 'batch',
        bus,
        query,
        from: from === undefined ? undefined : from - CLOCK_MS,
        to: to === undefined ? undefined : to + CLOCK_MS,
        strings: tellingRuns([id, source, type]),
        read: (body) => eventsOf(toMessages(body)),
        isSought: (event) => isSought(event, filter),
        toItem(event, position, batch) {
          const withEvent = room > 0;
          room -= event.planned.event.json.length;
          ids.set(position, batch);
          return toKept(event, { position, settled: true }, withEvent);
        },
      });
      const open = await openOnes(bus, [...new Set(ids.values())]);
      return {
        ...page,
        items: page.items.map((item) => ({ ...item, settled: !open.has(ids.get(item.position) ?? 0) })),
      };
    },

    async waiting(shard, eventId) {
      if (shard.shard !== 0) return { items: [] };
      const { condition, values } = toCondition(tellingRuns([eventId]), 4);
      const items: WaitingDelivery[] = [];
      let bytes = WAITING_BYTES;
      let looked = 0;
      for (const { table, due, where } of waitingTables) {
        for (let after = 0; ;) {
          if (bytes <= 0 || looked >= WAITING_ROWS) return { items, incomplete: true };
          const rows = await sql.run(
            `SELECT id, ${due} AS due, ${table === 'lane' ? 'lane' : "''"} AS lane, octet_length(body) AS bytes,
               CASE WHEN ${condition} THEN body END AS body
             FROM ${table} WHERE bus = $1 AND id > $2 ${where} ORDER BY id LIMIT $3`,
            busOf(shard),
            after,
            ROWS,
            ...values,
          );
          for (const row of rows) {
            bytes -= Number(row['bytes']);
            after = Number(row['id']);
            if (row['body'] === null) continue;
            items.push(
              ...waitingOf(toMessages(fromStored(String(row['body']))), eventId, {
                dueAt: Number(row['due']),
                ...(table === 'lane' ? { lane: String(row['lane']) } : {}),
                ...(table === 'quarantine' ? { setAside: true } : {}),
              }),
            );
          }
          looked += rows.length;
          if (rows.length < ROWS) break;
        }
      }
      return { items };
    },

    async books(shard) {
      return shard.shard === 0 ? readBooks(sql, busOf(shard)) : undefined;
    },

    async lanes(shard) {
      if (shard.shard !== 0) return [];
      const bus = busOf(shard);
      const [breakers, waiting] = await Promise.all([readBreakers(sql, bus), countWaiting(sql, bus)]);
      return Array.from(new Set([...breakers.keys(), ...waiting.keys()]), (target) => {
        return { target, ...statusOf(breakers.get(target), now()), waiting: waiting.get(target) ?? 0 };
      });
    },
  };
}

const waitingTables = [
  { table: 'message', due: 'due', where: 'AND body IS NOT NULL' },
  { table: 'lane', due: 'due', where: '' },
  { table: 'quarantine', due: 'at', where: '' },
] as const;

async function eventOf(sql: Sql, bus: string, id: number): Promise<string | undefined> {
  const [row] = await sql.run('SELECT event FROM dead_letter WHERE bus = $1 AND id = $2', bus, id);
  return row === undefined ? undefined : fromStored(String(row['event']));
}

/** A dead letter's row has one. */
function readRecords(body: string): readonly LedgerRecord[] {
  const stored = JSON.parse(body) as LedgerRecord | LedgerRecord[];
  return Array.isArray(stored) ? stored : [stored];
}
