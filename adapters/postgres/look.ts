import type { Sql } from './database.ts';
import { CLOCK_MS } from './clock.ts';
import { fromStored } from './text.ts';

type Table = 'batch' | 'record' | 'dead_letter';

/** From the newest row of a bus to older ones. */
export interface Look<Found, Item> {
  readonly table: Table;
  readonly bus: string;
  readonly query: { readonly after?: string; readonly limit: number };
  /** When the rows sought were written. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Strings that a row must have, unless it has escapes of JSON. */
  readonly strings: readonly string[];
  /** What a row has, in the order in which it was written. */
  readonly read: (body: string) => readonly Found[];
  readonly isSought: (found: Found) => boolean;
  readonly toItem: (found: Found, position: string, id: number) => Item | Promise<Item>;
}

/** What one look goes through at most: what Postgres passes over costs a tenth of what we read. */
const SOUGHT_BYTES = 64_000_000;
const READ_BYTES = 8_000_000;
const LOOK_ROWS = 20_000;
/** At a time: full rows are 500 KB. */
const ROWS = 20;
/** Later than every id, and than every place in a row. */
const last = Number.MAX_SAFE_INTEGER;

/** A page of what is sought. It may have fewer items than it could, and yet be followed by more. */
export async function look<Found, Item>(
  sql: Sql,
  { table, bus, query, from, to, strings, ...sought }: Look<Found, Item>,
): Promise<{ readonly items: readonly Item[]; readonly reached?: string }> {
  const { after, limit } = query;
  const { condition, values } = toCondition(strings, 4);
  const items: Item[] = [];
  let [next, before] =
    after === undefined ? [to === undefined ? last : await lastBy(sql, table, bus, to), last] : readPosition(after);
  let reached = after;
  const stopped = () => ({ items, ...(reached === undefined ? {} : { reached }) });
  let bytes = values.length > 0 ? SOUGHT_BYTES : READ_BYTES;
  let rowsAtOnce = values.length > 0 ? ROWS : 1;
  for (let looked = 0; looked < LOOK_ROWS && bytes > 0;) {
    const rows = await sql.run(
      `SELECT id, at, octet_length(body) AS bytes, CASE WHEN ${condition} THEN body END AS body FROM ${table}
       WHERE bus = $1 AND id <= $2 ORDER BY id DESC LIMIT $3`,
      bus,
      next,
      rowsAtOnce,
      ...values,
    );
    looked += rows.length;
    for (const row of rows) {
      if (from !== undefined && Number(row['at']) < from) return { items };
      const id = Number(row['id']);
      const all = row['body'] === null ? [] : sought.read(fromStored(String(row['body'])));
      for (let index = Math.min(before, all.length) - 1; index >= 0; index--) {
        const found = all[index];
        if (found === undefined || !sought.isSought(found)) continue;
        if (items.length === limit) return stopped();
        reached = `${id}:${index}`;
        items.push(await sought.toItem(found, reached, id));
      }
      bytes -= Number(row['bytes']);
      next = id - 1;
      before = last;
      reached = `${id}:0`;
    }
    if (rows.length < rowsAtOnce) return { items };
    rowsAtOnce = Math.min(ROWS, rowsAtOnce * 2);
  }
  return stopped();
}

/** For Postgres to pass over rows that cannot hold the strings; `first` is the number of the first value. */
export function toCondition(
  strings: readonly string[],
  first: number,
): { readonly condition: string; readonly values: readonly string[] } {
  if (strings.length === 0) return { condition: 'true', values: [] };
  const all = strings.map((_, index) => `strpos(body, $${first + index}) > 0`).join(' AND ');
  return { condition: `(${all}) OR strpos(body, '\\u') > 0`, values: strings };
}

/** The largest id of what was written up to then: the newest row may have a smaller one than those of the moment before. */
async function lastBy(sql: Sql, table: Table, bus: string, time: number): Promise<number> {
  // Each kind of batch has an index of its own.
  const kinds = table === 'batch' ? ['AND archived', 'AND NOT archived'] : [''];
  const rows = await Promise.all(
    kinds.map((kind) =>
      sql.run(
        `WITH newest AS (SELECT at FROM ${table} WHERE bus = $1 AND at <= $2 ${kind} ORDER BY at DESC LIMIT 1)
         SELECT max(id) AS id FROM ${table}, newest
         WHERE bus = $1 ${kind} AND ${table}.at <= newest.at AND ${table}.at > newest.at - ${CLOCK_MS}`,
        bus,
        time,
      ),
    ),
  );
  return Math.max(0, ...rows.flat().map((row) => Number(row['id'] ?? 0)));
}

/** What is before it comes next. */
function readPosition(position: string): [number, number] {
  const [id = 0, index = 0] = position.split(':').map(Number);
  return Number.isSafeInteger(id) && Number.isSafeInteger(index) ? [id, index] : [0, 0];
}
