import type { Sql, SqlValue } from '../sqlite/sql.ts';

/** A Durable Object's SQLite as `Sql`. */
export function createDurableObjectSql(storage: DurableObjectStorage): Sql {
  return {
    run(statement, ...bindings) {
      const cursor = storage.sql.exec<Record<string, SqlValue>>(statement, ...bindings);
      const rows = cursor.toArray();
      return { rows, rowsWritten: cursor.rowsWritten };
    },
    transaction: (work) => storage.transactionSync(work),
  };
}
