import { TulleError } from '../../event/error.ts';
import type { Position, Pulled, SourceRecord } from '../../mesh/connector/source.ts';
import { type MysqlRow, quoteMysql, type RunMysql } from '../drivers/mysql.ts';
import { type MysqlTable, readMysqlColumns } from '../tables/mysql-columns.ts';
import type { Moment } from './mysql-moment.ts';
import type { TableOptions } from './postgres-table.ts';

/** Where a reader is, values as the database writes them. */
export interface MysqlTablePosition {
  /** The last row that was read: its column and its key. */
  readonly after?: readonly [string, string];
  /** How far may be read when the moment is settled. */
  readonly bound?: readonly [string, string];
  readonly moment?: Moment;
}

const place = { type: 'array', minItems: 2, maxItems: 2, items: { type: 'string' } } as const;

/** What an operator may set it to, such as `{ "after": ["2026-01-31 12:00:00", "17"] }`. */
export const mysqlPositionSchema = {
  type: 'object',
  properties: { after: place, bound: place, moment: { type: 'object' } },
  additionalProperties: false,
} as const;

export interface MysqlTableReader {
  /** The greatest row there is; `undefined` where there is none. */
  last(): Promise<readonly [string, string] | undefined>;
  /** Rows after a row and up to another, in their order. */
  read(range: Range): Promise<readonly MysqlRow[]>;
  /** How many rows there are, of up to 10,000 of them. */
  count(range: Omit<Range, 'limit'>): Promise<number>;
  toRecord(row: MysqlRow): SourceRecord;
}

export interface Range {
  readonly after?: readonly [string, string] | undefined;
  readonly bound: readonly [string, string];
  readonly limit: number;
  readonly partition: { readonly index: number; readonly count: number };
}

/** So many rows that wait are counted; more of them are as many. */
const COUNTED = 10_000;

/** @throws TulleError `resource_invalid` for names that are none */
export function checkMysqlNames({ table, column, key, columns, partitionkey }: TableOptions): void {
  for (const name of [...table.split('.'), column, key ?? column, partitionkey ?? column, ...(columns ?? [])]) {
    if (name === '' || name.includes('\0')) throw invalid('this is no name', '/table');
  }
  if (table.split('.').length > 2) throw invalid('a table has one database at most', '/table');
}

/** Reads a table by keyset. Every value comes as text that the database has made: numbers keep all their digits. */
export async function createMysqlTableReader(run: RunMysql, options: TableOptions): Promise<MysqlTableReader> {
  const { column, key = column, partitionkey = key } = options;
  const found = await readMysqlColumns(run, options.table);
  const names = options.columns ?? [...found.columns.keys()];
  for (const name of [column, key, partitionkey, ...names]) {
    if (!found.columns.has(name)) {
      throw new TulleError('unavailable', `MySQL: ${options.table} has no column ${name}`);
    }
  }
  const from = quoteMysql(...options.table.split('.'));
  const [by, unique] = [`t.${quoteMysql(column)}`, `t.${quoteMysql(key)}`];
  // A text that is compared with a number becomes a double, which has 53 bits.
  const [byValue, uniqueValue] = [parameterOf(found, column), parameterOf(found, key)];
  const listed = names.map((name, index) => `${textOf(found, name)} AS \`c${index}\``);
  const place = `${textOf(found, column)} AS \`at\`, ${textOf(found, key)} AS \`id\``;

  function toRange({ after, bound, limit, partition: { index, count } }: Range): {
    readonly text: string;
    readonly values: (string | number)[];
  } {
    const conditions = [`${by} <= ${byValue}`, `(${by} < ${byValue} OR ${unique} <= ${uniqueValue})`];
    const values: (string | number)[] = [bound[0], bound[0], bound[1]];
    if (after !== undefined) {
      conditions.push(`${by} >= ${byValue}`, `(${by} > ${byValue} OR ${unique} > ${uniqueValue})`);
      values.push(after[0], after[0], after[1]);
    }
    if (count > 1) conditions.push(`MOD(CRC32(CAST(${unique} AS CHAR)), ${count}) = ${index}`);
    const text = `FROM ${from} t WHERE ${conditions.join(' AND ')} ORDER BY ${by}, ${unique} LIMIT ${limit}`;
    return { text, values };
  }

  return {
    async last() {
      const [row] = await run(
        `SELECT ${place} FROM ${from} t WHERE ${by} IS NOT NULL ORDER BY ${by} DESC, ${unique} DESC LIMIT 1`,
        [],
      );
      return row === undefined ? undefined : [asText(row['at']), asText(row['id'])];
    },
    async count(range) {
      const { text, values } = toRange({ ...range, limit: COUNTED });
      const [row] = await run(`SELECT CAST(COUNT(*) AS CHAR) AS n FROM (SELECT 1 ${text}) counted`, values);
      return Number(asText(row?.['n']));
    },
    read(range) {
      const { text, values } = toRange(range);
      return run(`SELECT ${place}, ${textOf(found, partitionkey)} AS part, ${listed.join(', ')} ${text}`, values);
    },
    toRecord(row) {
      const members = names.map((name, index) => {
        const value = row[`c${index}`];
        return `${JSON.stringify(name)}:${toJson(value, found.columns.get(name) ?? '')}`;
      });
      const [at, id] = [asText(row['at']), asText(row['id'])];
      const part = asText(row['part']) || id;
      return {
        id: `${options.table}/${id}/${at}`,
        subject: id,
        partitionkey: part,
        dataJson: `{${members.join(',')}}`,
      };
    },
  };
}

/** What was read up to the position that comes then. */
export async function toPulled(
  reader: MysqlTableReader,
  rows: readonly MysqlRow[],
  { bound, moment, limit, partition }: Range & { readonly moment: Moment },
): Promise<Pulled> {
  const records = rows.map((row) => reader.toRecord(row));
  const last = rows.at(-1);
  if (rows.length === limit && last !== undefined) {
    const after = [asText(last['at']), asText(last['id'])] as const;
    const lag = { records: await reader.count({ after, bound, partition }) };
    return { records, position: toPosition({ after, bound, moment }), done: false, lag };
  }
  return { records, position: toPosition({ after: bound }), done: rows.length === 0, lag: { records: 0 } };
}

export function toPosition(position: MysqlTablePosition): Position {
  return JSON.parse(JSON.stringify(position)) as Position;
}

/** How a column is read as text. */
function textOf({ columns }: MysqlTable, name: string): string {
  const quoted = `t.${quoteMysql(name)}`;
  const type = columns.get(name) ?? '';
  if (isBinary(type)) return `TO_BASE64(${quoted})`;
  if (type.startsWith('bit')) return `CAST(${quoted} + 0 AS CHAR)`;
  // As it is written, a float has six digits.
  if (type.startsWith('float') || type.startsWith('double')) return `CAST(${quoted} + 0e0 AS CHAR)`;
  if (spatial.test(type)) return `ST_AsText(${quoted})`;
  return `CAST(${quoted} AS CHAR)`;
}

/** How a value that was read as text is compared with its column. */
function parameterOf({ columns }: MysqlTable, name: string): string {
  const type = columns.get(name) ?? '';
  if (/^(?:tiny|small|medium|big)?int/.test(type))
    return `CAST(? AS ${type.endsWith('unsigned') ? 'UNSIGNED' : 'SIGNED'})`;
  if (type.startsWith('bit') || type === 'year') return 'CAST(? AS UNSIGNED)';
  if (type.startsWith('decimal')) return 'CAST(? AS DECIMAL(65,30))';
  if (type === 'datetime' || type === 'timestamp') return 'CAST(? AS DATETIME(6))';
  if (type === 'date') return 'CAST(? AS DATE)';
  return isBinary(type) ? 'FROM_BASE64(?)' : '?';
}

function toJson(value: MysqlRow[string] | undefined, type: string): string {
  if (value === null || value === undefined) return 'null';
  const text = asText(value);
  if (numeric.test(type)) return text;
  if (type === 'json') return text;
  // It is cut into lines.
  if (isBinary(type)) return JSON.stringify(text.replaceAll('\n', ''));
  if (type === 'timestamp') return JSON.stringify(`${text.replace(' ', 'T')}Z`);
  if (type === 'datetime') return JSON.stringify(text.replace(' ', 'T'));
  return JSON.stringify(text);
}

const numeric = /^(?:(?:tiny|small|medium|big)?int|decimal|float|double|bit|year)\b/;
const spatial = /^(?:geometry|point|linestring|polygon|multi\w+|geom\w+)$/;

function isBinary(type: string): boolean {
  return /^(?:var)?binary$|blob$/.test(type);
}

function asText(value: MysqlRow[string] | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : new TextDecoder().decode(value);
}

function invalid(message: string, place: string): TulleError {
  return new TulleError('resource_invalid', message, { place, mend: 'Use names as they are in the database.' });
}
