import { answers, nameLength, type LedgerPage, type LedgerQuery, type LedgerRecord } from '../../mesh/ledger.ts';
import {
  type EventPage,
  type EventQuery,
  eventsOf,
  isSought,
  toKept,
  type WaitingDeliveries,
  type WaitingDelivery,
  waitingOf,
} from '../../mesh/trace/query.ts';
import { toMessages } from './log-rows.ts';
import { toPrefilter } from './prefilter.ts';
import type { Sql, SqlValue } from './sql.ts';

/** The log's tables as operators read them: what happened, which events are kept, and what waits. */
export interface HistoryStore {
  list(query: LedgerQuery): LedgerPage;
  events(query: EventQuery): EventPage;
  waiting(eventId: string): WaitingDeliveries;
}

/** What one look goes through at most: what SQLite passes over costs a tenth of what we read. */
const SOUGHT_BYTES = 32_000_000;
const READ_BYTES = 8_000_000;
const LOOK_ROWS = 50_000;
/** What one statement goes through. */
const STRETCH_BYTES = 16_000_000;
/** What waits, at a time: full rows are 500 KB. */
const ROWS = 20;
/** Several machines' clocks, and what lies between the acceptance of an event and its row. */
const CLOCK_MS = 60_000;
/** A record is written so long after it was made: a job lasts as long as its targets let it. */
const SETTLE_MS = 900_000;

/** Those that are kept for replays are in a table of their own. */
const batches = ['batch', 'archived'] as const;

/** From the newest row to older ones. */
interface Look<Found, Item> {
  readonly tables: readonly ('batch' | 'archived' | 'record' | 'dead_letter')[];
  readonly query: { readonly after?: string; readonly limit: number };
  /** When the rows sought were written. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Strings that a row must have. */
  readonly strings: readonly (string | undefined)[];
  /** What a row has, in the order in which it was written. */
  readonly read: (body: string) => readonly Found[];
  readonly isSought: (found: Found) => boolean;
  readonly toItem: (found: Found, position: string, sequence: number) => Item;
}

/** The tables are the log store's and the lane store's. */
export function createHistoryStore(sql: Pick<Sql, 'run'>): HistoryStore {
  function run(statement: string, ...bindings: SqlValue[]) {
    return sql.run(statement, ...bindings).rows;
  }

  /** The newest row that was written up to then. There is no index on time, but sequence and time grow together. */
  function lastBy(tables: Look<never, never>['tables'], time: number): number {
    const rows = union(tables, 'sequence, at');
    const [first] = run(`SELECT sequence FROM ${rows} ORDER BY sequence LIMIT 1`);
    const [newest] = run(`SELECT sequence FROM ${rows} ORDER BY sequence DESC LIMIT 1`);
    let low = Number(first?.['sequence'] ?? 0) - 1;
    let high = Number(newest?.['sequence'] ?? 0);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const [row] = run(`SELECT sequence, at FROM ${rows} WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1`, middle);
      if (row === undefined || Number(row['at']) <= time) low = middle;
      else high = Number(row['sequence']) - 1;
    }
    return low;
  }

  function look<Found, Item>({ tables, query, from, to, strings, ...look }: Look<Found, Item>) {
    const { after, limit } = query;
    const { condition, values } = toPrefilter(strings);
    const items: Item[] = [];
    let [next, before] =
      after === undefined ? [to === undefined ? last : lastBy(tables, to), last] : readPosition(after);
    let reached = after;
    const stopped = () => ({ items, ...(reached === undefined ? {} : { reached }) });
    const isFiltered = values.length > 0;
    const bodiesAtOnce = isFiltered ? 20 : 2;
    let rowsAtOnce = isFiltered ? 64 : 2;
    let bytes = isFiltered ? SOUGHT_BYTES : READ_BYTES;
    let looked = 0;
    while (looked < LOOK_ROWS && bytes > 0) {
      const [stretch] = run(
        `SELECT count(*) AS rows, min(sequence) AS first, min(at) AS at, sum(bytes) AS bytes
         FROM (SELECT * FROM ${union(tables, 'sequence, at, octet_length(body) AS bytes')}
               WHERE sequence <= ? ORDER BY sequence DESC LIMIT ?)`,
        next,
        rowsAtOnce,
      );
      const rowsHere = Number(stretch?.['rows'] ?? 0);
      if (rowsHere === 0) return { items };
      const bytesHere = Number(stretch?.['bytes']);
      if (bytesHere > STRETCH_BYTES && rowsHere > 1) {
        rowsAtOnce = Math.ceil(rowsAtOnce / 4);
        continue;
      }
      const first = Number(stretch?.['first']);
      for (let isMore = true; isMore;) {
        const rows = run(
          `SELECT sequence, body FROM ${union(tables, 'sequence, at, body')}
           WHERE sequence BETWEEN ? AND ? AND at >= ? AND ${condition}
           ORDER BY sequence DESC LIMIT ?`,
          first,
          next,
          from ?? 0,
          ...values,
          bodiesAtOnce,
        );
        for (const row of rows) {
          const sequence = Number(row['sequence']);
          const all = look.read(String(row['body']));
          for (let index = Math.min(sequence === next ? before : last, all.length) - 1; index >= 0; index--) {
            const found = all[index];
            if (found === undefined || !look.isSought(found)) continue;
            if (items.length === limit) return stopped();
            reached = `${sequence}:${index}`;
            items.push(look.toItem(found, reached, sequence));
          }
          next = sequence - 1;
          before = last;
        }
        isMore = rows.length === bodiesAtOnce;
      }
      next = first - 1;
      before = last;
      reached = `${first}:0`;
      if (rowsHere < rowsAtOnce || (from !== undefined && Number(stretch?.['at']) < from)) return { items };
      looked += rowsHere;
      bytes -= bytesHere;
      rowsAtOnce = Math.min(4_096, rowsAtOnce * 2);
    }
    return stopped();
  }

  function eventOf(sequence: number): string | undefined {
    const [row] = run('SELECT event FROM dead_letter WHERE sequence = ?', sequence);
    return typeof row?.['event'] === 'string' ? row['event'] : undefined;
  }

  return {
    list(query) {
      const { filter, eventLength = 0 } = query;
      const { eventId, source, type, rule, target, from, to } = filter;
      const isDead = filter.status === 'dead-lettered';
      let room = eventLength;
      return look({
        tables: [isDead ? 'dead_letter' : 'record'],
        query,
        from: from === undefined ? undefined : from - CLOCK_MS,
        to: to === undefined ? undefined : to + SETTLE_MS,
        strings: [...[eventId, source, type].map((text) => text?.slice(0, nameLength)), rule, target],
        read: readRecords,
        isSought: (record) => answers(record, filter),
        toItem({ event: inside, ...record }, position, sequence) {
          const event = isDead && room > 0 ? (inside ?? eventOf(sequence)) : undefined;
          room -= event?.length ?? 0;
          return { position, record: event === undefined ? record : { ...record, event } };
        },
      });
    },

    events(query) {
      const { filter, eventLength = 0 } = query;
      const { id, source, type, from, to } = filter;
      const cursor = Number(run("SELECT value FROM setting WHERE name = 'cursor'")[0]?.['value'] ?? 0);
      let room = eventLength;
      return look({
        tables: batches,
        query,
        from: from === undefined ? undefined : from - CLOCK_MS,
        to: to === undefined ? undefined : to + CLOCK_MS,
        strings: [id, source, type],
        read: (body) => eventsOf(toMessages(body)),
        isSought: (event) => isSought(event, filter),
        toItem(event, position, sequence) {
          const withEvent = room > 0;
          room -= event.planned.event.json.length;
          return toKept(event, { position, settled: sequence <= cursor }, withEvent);
        },
      });
    },

    waiting(eventId) {
      const { condition, values } = toPrefilter([eventId]);
      const items: WaitingDelivery[] = [];
      let bytes = SOUGHT_BYTES;
      let looked = 0;
      for (const { table, key, due } of waitingTables) {
        const names = key.join(', ');
        let after: readonly SqlValue[] = key.map(() => -1);
        for (;;) {
          if (bytes <= 0 || looked >= LOOK_ROWS) return { items, incomplete: true };
          const rows = run(
            `SELECT ${names}, ${due} AS due, octet_length(body) AS bytes, iif(${condition}, body, NULL) AS body
             FROM ${table} WHERE (${names}) > (${key.map(() => '?').join(', ')}) ORDER BY ${names} LIMIT ${ROWS}`,
            ...values,
            ...after,
          );
          for (const row of rows) {
            bytes -= Number(row['bytes']);
            after = key.map((name) => row[name] ?? null);
            if (row['body'] === null) continue;
            const body = String(row['body']);
            items.push(
              ...waitingOf(table === 'lane' ? toMessages(body) : [body], eventId, {
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
  };
}

/** Rows of several tables of one sequence, read along their keys. */
function union(tables: readonly string[], columns: string): string {
  return `(${tables.map((table) => `SELECT ${columns} FROM ${table}`).join(' UNION ALL ')})`;
}

/** Later than every sequence number, and than every place in a row. */
const last = Number.MAX_SAFE_INTEGER;

/** What waits, by its key; `-1` comes before every one, number or text. */
const waitingTables = [
  { table: 'retry', key: ['due', 'sequence'], due: 'due' },
  { table: 'lane', key: ['lane', 'place', 'sequence'], due: 'due' },
  { table: 'quarantine', key: ['sequence'], due: 'at' },
] as const;

/** What is before it comes next. */
function readPosition(position: string): [number, number] {
  const [sequence = 0, index = 0] = position.split(':').map(Number);
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(index) ? [sequence, index] : [0, 0];
}

/** A dead letter's row has one. */
function readRecords(body: string): readonly LedgerRecord[] {
  const stored = JSON.parse(body) as LedgerRecord | LedgerRecord[];
  return Array.isArray(stored) ? stored : [stored];
}
