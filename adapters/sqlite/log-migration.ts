import { toMessages, weigh } from './log-rows.ts';
import type { Sql, SqlValue } from './sql.ts';

/** Brings the tables of a log that are older than its books up to date; the books begin with what is in the queue. */
export function migrate(sql: Sql): void {
  const tables = sql.run("SELECT name, sql FROM sqlite_master WHERE type = 'table'").rows;
  const lacks = (name: string, column: string): boolean =>
    tables.some((table) => table['name'] === name && !String(table['sql']).includes(column));

  if (lacks('setting', 'books')) sql.run('ALTER TABLE setting ADD COLUMN books TEXT');
  if (lacks('record', 'books')) sql.run('ALTER TABLE record ADD COLUMN books TEXT');
  for (const { table, key, isWaiting } of queues) {
    if (!lacks(table, 'deliveries')) continue;
    // With the column comes what is in it: a crash in between must not leave rows that count as nothing.
    sql.transaction(() => {
      sql.run(`ALTER TABLE ${table} ADD COLUMN deliveries INTEGER`);
      const columns = key.join(', ');
      const places = key.map(() => '?').join(', ');
      let after: SqlValue[] | undefined;
      for (;;) {
        const rest = after === undefined ? '' : `AND (${columns}) > (${places})`;
        const next = `SELECT * FROM ${table} WHERE ${isWaiting} ${rest} ORDER BY ${columns} LIMIT 1`;
        const [row] = sql.run(next, ...(after ?? [])).rows;
        if (row === undefined) break;
        after = key.map((column) => row[column] ?? null);
        const body = String(row['body']);
        const deliveries = weigh(table === 'retry' ? [body] : toMessages(body));
        sql.run(`UPDATE ${table} SET deliveries = ? WHERE (${columns}) = (${places})`, deliveries, ...after);
      }
    });
  }
}

const isUnsettled = "sequence > coalesce((SELECT value FROM setting WHERE name = 'cursor'), 0)";
const queues = [
  { table: 'batch', key: ['sequence'], isWaiting: isUnsettled },
  { table: 'archived', key: ['sequence'], isWaiting: isUnsettled },
  { table: 'retry', key: ['due', 'sequence'], isWaiting: 'true' },
  { table: 'lane', key: ['lane', 'place', 'sequence'], isWaiting: 'true' },
] as const;
