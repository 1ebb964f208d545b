import type { Sql, SqlValue } from './database.ts';

/** Postgres numbers at most 65,535 values a statement. */
const ROWS = 1_000;

/** Inserts rows in order, and answers their ids, which grow in that order. `columns` is the values' order. */
export async function insertRows(
  sql: Sql,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
): Promise<readonly number[]> {
  const ids: number[] = [];
  for (let start = 0; start < rows.length; start += ROWS) {
    const part = rows.slice(start, start + ROWS);
    let next = 1;
    const places = part.map(() => `(${columns.map(() => `$${next++}`).join(',')})`);
    const inserted = await sql.run(
      `INSERT INTO ${table} (${columns.join(',')}) VALUES ${places.join(',')} RETURNING id`,
      ...part.flat(),
    );
    ids.push(...inserted.map((row) => Number(row['id'])));
  }
  return ids;
}
