import { TulleError } from '../../event/error.ts';
import { type MysqlConnection, type MysqlValue, quoteMysql } from '../drivers/mysql.ts';
import type { Columns, Run } from './change.ts';
import { readMysqlColumns } from './mysql-columns.ts';
import { toMysqlValue } from './mysql-value.ts';
import type { TableSinkOptions } from './options.ts';
import { createTurns, keepColumns, type Refusal, type TableWriter } from './write.ts';

/** A prepared statement has 65,535 parameters at most, and a table 200 columns that events fill: 300 rows at once. */
export const mysqlRows = 300;

/** For MySQL from 5.7 on, and MariaDB. */
export function createMysqlWriter({ run }: MysqlConnection, options: TableSinkOptions, now: () => number): TableWriter {
  const table = quoteMysql(...options.table.split('.'));
  const unique = options.key ?? (options.idColumn === undefined ? undefined : [options.idColumn]);
  const inTurn = createTurns();
  let others = false;

  const columns = keepColumns(
    () =>
      inTurn(async () => {
        const found = await readMysqlColumns(run, options.table);
        if (unique !== undefined && !found.unique.some((index) => isSame(index, unique))) {
          // It would add rows where it should change them, and say nothing.
          throw new TulleError('target_invalid', `${options.table} has no unique index on ${unique.join(', ')}`, {
            mend: 'Create one, or name the columns of one as the key.',
          });
        }
        others = found.unique.length > 1;
        return new Map(Array.from(found.columns).filter(([name]) => !found.generated.has(name)));
      }),
    now,
  );

  async function execute(one: Run, types: Columns): Promise<void> {
    const { sql, names } = toStatement(table, one, { ...options, guardsOthers: others });
    const values = one.rows.flatMap((row) => names.map((name) => toMysqlValue(row[name] ?? null, types.get(name))));
    await run(sql, values satisfies MysqlValue[]);
  }

  return {
    columns,
    async apply(runs) {
      const types = await columns();
      return inTurn(async () => {
        const [only] = runs;
        if (only !== undefined && runs.length === 1) return execute(only, types);
        await run('START TRANSACTION', []);
        try {
          for (const one of runs) await execute(one, types);
          await run('COMMIT', []);
        } catch (error) {
          // Where the connection is gone, so is the transaction.
          await run('ROLLBACK', []).catch(() => undefined);
          throw error;
        }
      });
    },
    refusalOf,
  };
}

interface StatementOptions extends Pick<TableSinkOptions, 'key' | 'version' | 'idColumn'> {
  /** There are other unique indexes: a row that is the same by one of those only is not changed but refused. */
  readonly guardsOthers: boolean;
}

/** `names`: the columns whose values the statement takes, row by row. */
function toStatement(
  table: string,
  { kind, columns, rows }: Run,
  { key, version, idColumn, guardsOthers }: StatementOptions,
): { readonly sql: string; readonly names: readonly string[] } {
  if (kind === 'delete') {
    const keys = key ?? [];
    const same = keys.map((name) => `${quoteMysql(name)} = ?`).join(' AND ');
    const newer = version === undefined ? '' : ` AND (${quoteMysql(version)} IS NULL OR ${quoteMysql(version)} <= ?)`;
    const where = rows.map(() => `(${same}${newer})`).join(' OR ');
    const names = version === undefined || keys.includes(version) ? keys : [...keys, version];
    return { sql: `DELETE FROM ${table} WHERE ${where}`, names };
  }
  const list = columns.map((name) => quoteMysql(name)).join(', ');
  const places = `(${columns.map(() => '?').join(', ')})`;
  const insert = `INSERT INTO ${table} (${list}) VALUES ${rows.map(() => places).join(', ')}`;
  const unique = key ?? (idColumn === undefined ? undefined : [idColumn]);
  if (unique === undefined) return { sql: insert, names: columns };
  // Assigned from left to right: what is compared must not have been changed before.
  const changed = key === undefined ? [] : columns.filter((name) => !key.includes(name) && name !== version);
  const set = [
    ...unique.map((name) => keepKey(name, guardsOthers)),
    ...changed.map((name) => take(name, version)),
    ...(version === undefined || unique.includes(version) ? [] : [take(version, version)]),
  ];
  return { sql: `${insert} ON DUPLICATE KEY UPDATE ${set.join(', ')}`, names: columns };
}

/** The key stays; where the row is another's by another unique index, more rows than one are an error. */
function keepKey(name: string, guardsOthers: boolean): string {
  const quoted = quoteMysql(name);
  if (!guardsOthers) return `${quoted} = ${quoted}`;
  return `${quoted} = IF(${quoted} <=> VALUES(${quoted}), ${quoted}, (SELECT 1 UNION ALL SELECT 2))`;
}

function take(name: string, version: string | undefined): string {
  const quoted = quoteMysql(name);
  if (version === undefined) return `${quoted} = VALUES(${quoted})`;
  const by = quoteMysql(version);
  return `${quoted} = IF(${by} IS NULL OR ${by} <= VALUES(${by}), VALUES(${quoted}), ${quoted})`;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

/** By class of SQLSTATE, and by number where that says no more than that it is an error (dev.mysql.com/doc/mysql-errors). */
function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return undefined;
  const { errno, sqlState } = error;
  if (typeof errno !== 'number' || typeof sqlState !== 'string' || lost.has(errno)) return undefined;
  const reason = `MySQL: ${error.message} (${errno})`;
  // The row that it points to may be on its way.
  if (errno === 1452 || errno === 1216) return { code: 409, reason, isOfRow: true };
  if (ofRow.has(errno) || /^(?:21|22|23|44|45)/.test(sqlState)) return { code: 422, reason, isOfRow: true };
  if (sqlState.startsWith('08')) return undefined;
  if (sqlState.startsWith('42')) return { code: 400, reason, isOfRow: true };
  return { code: 503, reason, isOfRow: false };
}

/** Shutting down, killed, read only, too many connections: what is said next is said elsewhere. */
const lost: ReadonlySet<number> = new Set([1040, 1053, 1077, 1080, 1129, 1290, 1317, 1836, 1927]);
/** Values of the wrong type, out of range, missing; a check of the table; larger than a packet. */
const ofRow: ReadonlySet<number> = new Set([1153, 1264, 1265, 1292, 1364, 1366, 1367, 1411, 3140, 3819, 4025]);
