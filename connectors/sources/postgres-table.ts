import { TulleError } from '../../event/error.ts';
import type { PostgresRow, RunSql } from '../drivers/postgres.ts';
import { toPostgresArray } from '../drivers/postgres-text.ts';
import { type Moment, readMoment, waitForMoment } from './postgres-moment.ts';
import type { Partition, Position, Pulled, SourceRecord, WantedKeys } from '../../mesh/connector/source.ts';

export interface TableOptions {
  /** With its schema where that is not the first of the search path: `shop.orders`. */
  readonly table: string;
  /** Grows with every new or changed row. */
  readonly column: string;
  /** Unique; default `column`. */
  readonly key?: string;
  readonly columns?: readonly string[];
  /** Events with the same value keep their order where a target asks for it; default `key`. */
  readonly partitionkey?: string;
}

/** Where a reader is, values as Postgres writes them. */
export interface TablePosition extends Partial<Moment> {
  /** The last row that was read: its column and its key. */
  readonly after?: readonly [string, string];
  /** How far may be read when every transaction of the moment is over. */
  readonly bound?: readonly [string, string];
}

const place = { type: 'array', minItems: 2, maxItems: 2, items: { type: 'string' } } as const;

/** What an operator may set it to, such as `{ "after": ["2026-01-31 12:00:00+00", "17"] }`. */
export const tablePositionSchema = {
  type: 'object',
  properties: {
    after: place,
    bound: place,
    horizon: { type: 'string', pattern: '^[0-9]{1,20}$' },
    open: { type: 'array', items: { type: 'string', pattern: '^[0-9]{1,10}/[0-9]{1,10}$' } },
  },
  additionalProperties: false,
} as const;

export interface TableReader {
  read(run: RunSql, position: TablePosition, part: Part): Promise<Pulled>;
  /** The last row of each `partitionkey`, as they are now. */
  latest(run: RunSql, wanted: WantedKeys): Promise<readonly SourceRecord[]>;
}

interface Part {
  readonly limit: number;
  readonly partition: Partition;
}

interface Range {
  readonly after?: readonly [string, string];
  readonly bound: readonly [string, string];
}

interface Selection {
  readonly text: string;
  readonly values: (string | number)[];
}

/** So many rows that wait are counted; more of them are as many. */
const COUNTED = 10_000;

/**
 * Reads a table by keyset, and never past a row that another transaction may still put before it: a number is drawn, or a
 * time taken, long before the commit shows it. So the greatest row is looked up first (`bound`), together with the
 * transactions that are open at that moment; everything up to it is read when all of those are over.
 * @throws TulleError `resource_invalid` for names that are none
 */
export function createTableReader({
  table,
  column,
  key = column,
  columns,
  partitionkey = key,
}: TableOptions): TableReader {
  const from = table
    .split('.')
    .map((part) => quote(part, '/table'))
    .join('.');
  const by = quote(column, '/column');
  const unique = quote(key, '/key');
  const ordered = quote(partitionkey, '/partitionkey');
  const listed = columns?.map((one, index) => `${literal(one)}, t.${quote(one, `/columns/${index}`)}`);
  const data = listed === undefined ? 'to_jsonb(t)' : `jsonb_build_object(${listed.join(', ')})`;
  if (table.split('.').length > 2) throw invalid('a table has one schema at most', '/table');
  const order = `t.${by}, t.${unique}`;

  /** How far it is to be read, and what has to be over before. */
  async function look(run: RunSql): Promise<{ bound: [string, string] | undefined; moment: Moment }> {
    // The row first: who has drawn a smaller value than it has is then among the transactions that are waited for.
    const [last] = await run(
      `SELECT t.${by}::text AS at, t.${unique}::text AS id FROM ${from} t WHERE t.${by} IS NOT NULL
       ORDER BY t.${by} DESC, t.${unique} DESC LIMIT 1`,
      [],
    );
    const moment = await readMoment(run);
    const bound: [string, string] | undefined =
      last?.['at'] == null || last['id'] == null ? undefined : [last['at'], last['id']];
    return { bound, moment };
  }

  /** The types are the columns' own: compared with a value of the table, a text becomes one of its type. */
  function toRange({ after, bound }: Range, { partition: { index, count } }: Part, limit: number): Selection {
    const values: (string | number)[] = [bound[0], bound[1], limit];
    const conditions = [`(t.${by}, t.${unique}) <= ($1, $2)`];
    if (after !== undefined) {
      conditions.push(`(t.${by}, t.${unique}) > ($${values.length + 1}, $${values.length + 2})`);
      values.push(...after);
    }
    if (count > 1) {
      conditions.push(`mod(abs(hashtext(t.${unique}::text)::bigint), $${values.length + 1}) = $${values.length + 2}`);
      values.push(count, index);
    }
    return { text: `FROM ${from} t WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT $3`, values };
  }

  async function select(run: RunSql, range: Range, part: Part): Promise<readonly PostgresRow[]> {
    const { text, values } = toRange(range, part, part.limit);
    const at = `t.${by}::text AS at, t.${unique}::text AS id, t.${ordered}::text AS part`;
    return run(`SELECT ${at}, ${data}::text AS data ${text}`, values);
  }

  async function countRows(run: RunSql, range: Range, part: Part): Promise<number> {
    const { text, values } = toRange(range, part, COUNTED);
    const [row] = await run(`SELECT count(*)::text AS rows FROM (SELECT 1 ${text}) counted`, values);
    return Number(row?.['rows'] ?? 0);
  }

  return {
    async latest(run, wanted) {
      const isSome = 'keys' in wanted;
      const value = isSome ? toPostgresArray(wanted.keys) : (wanted.after ?? null);
      const condition = isSome ? `= ANY($1)` : '> $1';
      const rows = await run(
        `SELECT DISTINCT ON (t.${ordered}) t.${by}::text AS at, t.${unique}::text AS id, t.${ordered}::text AS part,
         ${data}::text AS data FROM ${from} t WHERE t.${ordered} ${value === null ? 'IS NOT NULL' : condition}
         ORDER BY t.${ordered}, t.${by} DESC, t.${unique} DESC LIMIT ${isSome ? 'ALL' : Math.floor(wanted.limit)}`,
        value === null ? [] : [value],
      );
      return rows.map((row) => toRecord(row, table));
    },
    async read(run, { after, bound: known, horizon, open = [] }, part) {
      const { bound, moment } =
        known === undefined || horizon === undefined ? await look(run) : { bound: known, moment: { horizon, open } };
      const start = after === undefined ? {} : { after };
      if (bound === undefined) return { records: [], position: toPosition(start), done: true };
      const holders = await waitForMoment(run, moment);
      if (holders.length > 0) {
        // Waiting for somebody's transaction is no work: the schedule says when to look again, but not before long.
        const warning = `waits for transactions that were open when the last row was seen, of the server processes ${holders.join(', ')}`;
        return { records: [], position: toPosition({ ...start, bound, ...moment }), done: true, warning };
      }
      const rows = await select(run, { ...start, bound }, part);
      const records = rows.map((row) => toRecord(row, table));
      const last = rows.at(-1);
      if (rows.length === part.limit && last !== undefined) {
        const reached: [string, string] = [last['at'] ?? '', last['id'] ?? ''];
        const lag = { records: await countRows(run, { after: reached, bound }, part) };
        return { records, position: toPosition({ after: reached, bound, horizon: moment.horizon }), done: false, lag };
      }
      return { records, position: toPosition({ after: bound }), done: rows.length === 0, lag: { records: 0 } };
    },
  };
}

/** A row that changed is another record: its column has another value. */
function toRecord(row: PostgresRow, table: string): SourceRecord {
  const subject = row['id'] ?? '';
  const partitionkey = row['part'] || subject;
  return { id: `${table}/${subject}/${row['at']}`, subject, partitionkey, dataJson: row['data'] ?? 'null' };
}

function toPosition(position: TablePosition): Position {
  return { ...position } as Position;
}

function quote(name: string, place: string): string {
  if (name === '' || name.includes('\0')) throw invalid('this is no name', place);
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function invalid(message: string, place: string): TulleError {
  return new TulleError('resource_invalid', message, { place, mend: 'Use names as they are in the database.' });
}
