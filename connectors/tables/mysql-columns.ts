import { TulleError } from '../../event/error.ts';
import type { MysqlRow, RunMysql } from '../drivers/mysql.ts';

export interface MysqlTable {
  /** Column → its type, as `information_schema` has it (`bigint unsigned` for those), `json` also where MariaDB calls it a text. */
  readonly columns: ReadonlyMap<string, string>;
  /** Those of them that the database fills by itself. */
  readonly generated: ReadonlySet<string>;
  /** The columns of each unique index. */
  readonly unique: readonly (readonly string[])[];
}

/** What the catalog says of a table. Rejects with TulleError `target_invalid` where there is none. */
export async function readMysqlColumns(run: RunMysql, table: string): Promise<MysqlTable> {
  const parts = table.split('.');
  const name = parts.at(-1) ?? '';
  const place = parts.length > 1 ? '?' : 'DATABASE()';
  const values = parts.length > 1 ? [parts[0] ?? '', name] : [name];
  const rows = await run(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full, EXTRA AS extra FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ${place} AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    values,
  );
  if (rows.length === 0) {
    throw new TulleError('target_invalid', `there is no table ${table}`, { mend: 'Create it, or name another.' });
  }
  const columns = new Map(rows.map((row) => [textOf(row, 'name'), typeOf(row)]));
  const isGenerated = (row: MysqlRow): boolean => /\b(?:VIRTUAL|STORED|PERSISTENT)\b/.test(textOf(row, 'extra'));
  const generated = new Set(rows.filter(isGenerated).map((row) => textOf(row, 'name')));
  for (const json of await readJsonColumns(run, place, values)) if (columns.has(json)) columns.set(json, 'json');
  const indexes = await run(
    `SELECT INDEX_NAME AS name, COLUMN_NAME AS part FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = ${place} AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
    values,
  );
  const unique = new Map<string, string[]>();
  for (const row of indexes) {
    const index = textOf(row, 'name');
    unique.set(index, [...(unique.get(index) ?? []), textOf(row, 'part')]);
  }
  return { columns, generated, unique: [...unique.values()] };
}

function typeOf(row: MysqlRow): string {
  const type = textOf(row, 'type').toLowerCase();
  return textOf(row, 'full').toLowerCase().includes('unsigned') ? `${type} unsigned` : type;
}

/** MariaDB's JSON is a text with a check that it is JSON. */
async function readJsonColumns(run: RunMysql, place: string, values: readonly string[]): Promise<readonly string[]> {
  const [server] = await run('SELECT VERSION() AS version', []);
  if (!/mariadb/i.test(textOf(server ?? {}, 'version'))) return [];
  const rows = await run(
    `SELECT CONSTRAINT_NAME AS name, CHECK_CLAUSE AS clause FROM information_schema.CHECK_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = ${place} AND TABLE_NAME = ?`,
    values,
  );
  return rows.filter((row) => /^json_valid\(/i.test(textOf(row, 'clause'))).map((row) => textOf(row, 'name'));
}

function textOf(row: MysqlRow, name: string): string {
  const value = row[name] ?? '';
  return typeof value === 'string' ? value : new TextDecoder().decode(value);
}
