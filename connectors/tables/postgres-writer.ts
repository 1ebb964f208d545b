import { TulleError } from '../../event/error.ts';
import type { PostgresConnection } from '../drivers/postgres.ts';
import { quotePostgres, toPostgresArray } from '../drivers/postgres-text.ts';
import type { Run } from './change.ts';
import { requireKey, type TableInspector } from './compare.ts';
import type { TableSinkOptions } from './options.ts';
import { createTurns, keepColumns, type Refusal, type TableWriter } from './write.ts';

/**
 * Rows go as one JSON parameter, from which Postgres makes values of the columns' own types: numbers stay exact, and a
 * statement is the same however many rows it has.
 */
export function createPostgresWriter(
  { run }: PostgresConnection,
  options: TableSinkOptions,
  now: () => number,
): TableWriter & TableInspector {
  const name = options.table;
  const table = quotePostgres(...name.split('.'));
  const inTurn = createTurns();
  const kept = keepColumns(
    () =>
      inTurn(async () => {
        const rows = await run(
          `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
             WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
          [table],
        );
        if (rows.length > 0) return new Map(rows.map((row) => [row['name'] ?? '', row['type'] ?? '']));
        throw new TulleError('target_invalid', `there is no table ${name}`, { mend: 'Create it, or name another.' });
      }),
    now,
  );

  return {
    columns: kept,
    apply: (runs) =>
      inTurn(async () => {
        const [only] = runs;
        const execute = async (one: Run): Promise<void> => {
          await run(toStatement(table, one, options), [toJson(one)]);
        };
        if (only !== undefined && runs.length === 1) return execute(only);
        await run('BEGIN', []);
        try {
          for (const one of runs) await execute(one);
          await run('COMMIT', []);
        } catch (error) {
          // Where the connection is gone, so is the transaction.
          await run('ROLLBACK', []).catch(() => undefined);
          throw error;
        }
      }),
    async compare({ kind, columns, rows }) {
      const types = await kept();
      const key = requireKey(options.key);
      const on = key.map((name) => `t.${quotePostgres(name)} = r.${quotePostgres(name)}`).join(' AND ');
      const compared = kind === 'delete' ? [] : columns.filter((name) => !key.includes(name));
      const different = compared.map((name) => {
        // JSON as a text has no equality; two ways to write the same are the same.
        const cast = types.get(name) === 'json' ? '::jsonb' : comparable(types.get(name) ?? '') ? '' : '::text';
        const quoted = quotePostgres(name);
        return `CASE WHEN t.${quoted}${cast} IS DISTINCT FROM r.${quoted}${cast} THEN '${name.replaceAll("'", "''")}' END`;
      });
      const found = await inTurn(() =>
        run(
          `SELECT ${keyText('r', key)} AS key, (t.${quotePostgres(key[0] ?? '')} IS NOT NULL)::text AS there,
             concat_ws(',', ${["''", ...different].join(', ')}) AS different
           FROM (SELECT row_number() OVER () AS "tulle n", * FROM json_populate_recordset(NULL::${table}, $1::json)) r
           LEFT JOIN ${table} t ON ${on} ORDER BY r."tulle n"`,
          [toJson({ rows })],
        ),
      );
      return found.map((row) => ({
        key: row['key'] ?? '',
        isThere: row['there'] === 'true',
        different: (row['different'] ?? '').replace(/^,/, ''),
      }));
    },
    async keys(wanted) {
      const key = requireKey(options.key);
      const names = key.map((name) => `t.${quotePostgres(name)}`);
      const [first = ''] = names;
      const isSome = 'keys' in wanted;
      if (key.length > 1) throw new TulleError('request_invalid', 'Only a key of one column can be listed.');
      const value = isSome ? toPostgresArray(wanted.keys) : (wanted.after ?? null);
      const condition = value === null ? 'TRUE' : `${first} ${isSome ? '= ANY($1)' : '> $1'}`;
      const limit = isSome ? 'ALL' : Math.floor(wanted.limit);
      const sql = `SELECT ${first}::text AS key FROM ${table} t WHERE ${condition} ORDER BY ${first} LIMIT ${limit}`;
      const rows = await inTurn(() => run(sql, value === null ? [] : [value]));
      return rows.map((row) => row['key'] ?? '');
    },
    refusalOf,
  };
}

/** The key as text: of several columns as JSON. */
function keyText(alias: string, key: readonly string[]): string {
  const [first = ''] = key;
  if (key.length === 1) return `${alias}.${quotePostgres(first)}::text`;
  return `jsonb_build_array(${key.map((name) => `${alias}.${quotePostgres(name)}`).join(', ')})::text`;
}

/** Types of which some have no equality. */
function comparable(type: string): boolean {
  return !/^(?:xml|point|line|lseg|box|path|polygon|circle)/.test(type);
}

/** The rows of a run as the one parameter of its statement. */
export function toJson({ rows }: Pick<Run, 'rows'>): string {
  return JSON.stringify(rows);
}

function toStatement(table: string, { kind, columns }: Run, { key, version, idColumn }: TableSinkOptions): string {
  const rows = `json_populate_recordset(NULL::${table}, $1::json) r`;
  const quoted = columns.map((name) => quotePostgres(name));
  const isNewer = (newer: string): string => {
    if (version === undefined) return '';
    const name = quotePostgres(version);
    return `(t.${name} IS NULL OR t.${name} <= ${newer}.${name})`;
  };
  if (kind === 'delete') {
    const same = (key ?? []).map((name) => `t.${quotePostgres(name)} = r.${quotePostgres(name)}`);
    const conditions = [...same, ...(version === undefined ? [] : [isNewer('r')])];
    return `DELETE FROM ${table} t USING ${rows} WHERE ${conditions.join(' AND ')}`;
  }
  const insert = `INSERT INTO ${table} AS t (${quoted.join(', ')}) SELECT ${quoted.map((name) => `r.${name}`).join(', ')} FROM ${rows}`;
  if (key === undefined) {
    return idColumn === undefined ? insert : `${insert} ON CONFLICT (${quotePostgres(idColumn)}) DO NOTHING`;
  }
  const changed = columns.filter((name) => !key.includes(name)).map((name) => quotePostgres(name));
  const conflict = `${insert} ON CONFLICT (${key.map((name) => quotePostgres(name)).join(', ')})`;
  if (changed.length === 0) return `${conflict} DO NOTHING`;
  const where = version === undefined ? '' : ` WHERE ${isNewer('EXCLUDED')}`;
  return `${conflict} DO UPDATE SET ${changed.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}${where}`;
}

/** By class of SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html). */
function refusalOf(error: unknown): Refusal | undefined {
  const state = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!(error instanceof Error) || typeof state !== 'string' || !/^[0-9A-Z]{5}$/.test(state)) return undefined;
  // The connection, an operator, the system, a server that has become a standby: whatever is said next is said elsewhere.
  if (/^(?:08|57P|58|25006|XX)/.test(state)) return undefined;
  const reason = `Postgres: ${error.message} (${state})`;
  // The row that it points to may be on its way.
  if (state === '23503') return { code: 409, reason, isOfRow: true };
  if (/^(?:21|22|23|44|54|P0)/.test(state)) return { code: 422, reason, isOfRow: true };
  if (/^(?:0A|42)/.test(state)) return { code: 400, reason, isOfRow: true };
  return { code: 503, reason, isOfRow: false };
}
