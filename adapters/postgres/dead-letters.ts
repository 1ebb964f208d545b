import { type DeadLetterEntry, isMeant } from '../../mesh/dead-letters/query.ts';
import { redrive, redriveLength } from '../../mesh/dead-letters/redrive.ts';
import { frame } from '../../mesh/frame.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import { toRows, weigh } from '../sqlite/log-rows.ts';
import type { Database, Sql } from './database.ts';
import { bookPlanned } from './book-store.ts';
import { busOf } from './bus.ts';
import { insertRecords } from './history-store.ts';
import { insertLaneRows, touchTurns } from './lane-store.ts';
import { insertMessages } from './message-store.ts';
import { fromStored } from './text.ts';

/** Rows that one call looks through for what is meant; the next call goes on. */
const SCAN_LIMIT = 5_000;
const ROWS = 50;

/** All processes' dead letters. One shard stands for all. */
export function createDeadLetters(options: {
  readonly database: Database;
  readonly owner: () => number;
  readonly now: () => number;
  /** Told when there is something new to deliver. */
  readonly onRedriven: () => void;
}): DeadLetters {
  const { database, now } = options;

  return {
    async list(shard, { filter, order, after, limit }) {
      if (shard.shard !== 0) return { items: [] };
      const newest = order === 'newest';
      const statement = newest
        ? 'SELECT id, body FROM dead_letter WHERE bus = $1 AND id < $2 ORDER BY id DESC LIMIT $3'
        : 'SELECT id, body FROM dead_letter WHERE bus = $1 AND id > $2 ORDER BY id LIMIT $3';
      const items: DeadLetterEntry[] = [];
      let reached = after ?? (newest ? Number.MAX_SAFE_INTEGER : 0);
      for (let scanned = 0; scanned < SCAN_LIMIT;) {
        const rows = await database.run(statement, busOf(shard), reached, ROWS);
        for (const row of rows) {
          if (items.length === limit) return { items, reached };
          const record = JSON.parse(String(row['body'])) as LedgerRecord;
          reached = Number(row['id']);
          scanned += 1;
          if (isMeant(record, filter)) items.push({ sequence: reached, record });
        }
        if (rows.length < ROWS) return { items };
      }
      return { items, reached };
    },
    async get(shard, sequence) {
      return shard.shard === 0 ? read(database, busOf(shard), sequence) : undefined;
    },
    async redrive(shard, asked, order) {
      if (shard.shard !== 0) return { redriven: [], looked: asked.length };
      const bus = busOf(shard);
      const outcome = await database.transaction(async (sql) => {
        // Locked as they are read: of two who ask for the same ones at once the second finds them gone.
        const { entries, looked } = await take(sql, bus, asked);
        const { sequences, messages, laned, records } = redrive(entries, order);
        const due = now();
        await touchTurns(
          sql,
          laned.map(({ lane }) => ({ bus, lane, due })),
        );
        await remove(sql, bus, sequences);
        const rows = messages.map((body) => ({ bus, retry: true, due, failures: 0, ...toBody([body]) }));
        await insertMessages(sql, rows);
        const lanedRows = laned.flatMap(({ lane, body }) =>
          toRows([body]).map((part) => ({ bus, lane, due, ...toBody(part) })),
        );
        await insertLaneRows(sql, lanedRows);
        await insertRecords(sql, records, due);
        await bookPlanned(sql, options.owner(), 'redrive', [...rows, ...lanedRows]);
        return { redriven: sequences, looked };
      });
      options.onRedriven();
      return outcome;
    },
    async delete(shard, sequences) {
      return shard.shard === 0 ? remove(database, busOf(shard), sequences) : 0;
    },
  };
}

/** The first of those that are there, as many as one transaction takes; and how many were looked at for them. */
async function take(
  sql: Sql,
  bus: string,
  asked: readonly number[],
): Promise<{ readonly entries: readonly DeadLetterEntry[]; readonly looked: number }> {
  const entries: DeadLetterEntry[] = [];
  let length = 0;
  for (const [looked, sequence] of asked.entries()) {
    const entry = await read(sql, bus, sequence, 'FOR UPDATE');
    if (entry === undefined) continue;
    length += entry.record.event?.length ?? 0;
    if (length > redriveLength && entries.length > 0) return { entries, looked };
    entries.push(entry);
  }
  return { entries, looked: asked.length };
}

async function read(
  sql: Sql,
  bus: string,
  sequence: number,
  lock: 'FOR UPDATE' | '' = '',
): Promise<DeadLetterEntry | undefined> {
  const [row] = await sql.run(`SELECT body, event FROM dead_letter WHERE bus = $1 AND id = $2 ${lock}`, bus, sequence);
  if (row === undefined) return undefined;
  const record = JSON.parse(String(row['body'])) as LedgerRecord;
  const event = fromStored(String(row['event']));
  return { sequence, record: event === '' ? record : { ...record, event } };
}

async function remove(sql: Sql, bus: string, sequences: readonly number[]): Promise<number> {
  const rows = await sql.run(
    'DELETE FROM dead_letter WHERE bus = $1 AND id = ANY ($2::bigint[]) RETURNING id',
    bus,
    sequences,
  );
  return rows.length;
}

function toBody(messages: readonly string[]): { readonly deliveries: number; readonly body: string } {
  return { deliveries: weigh(messages), body: frame(messages) };
}
