import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Sql, SqlValue } from '../sqlite/sql.ts';

/** Node's SQLite as `Sql`: write-ahead log, and a sync to disk in every commit. */
export function createNodeSql(path: string): Sql & { close(): void } {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const prepared = new Map<string, StatementSync>();

  function prepare(statement: string): StatementSync {
    let found = prepared.get(statement);
    if (found === undefined) {
      found = database.prepare(statement);
      prepared.set(statement, found);
    }
    return found;
  }

  return {
    run(statement, ...bindings) {
      if (/^\s*SELECT/i.test(statement)) {
        return { rows: prepare(statement).all(...bindings) as Record<string, SqlValue>[], rowsWritten: 0 };
      }
      return { rows: [], rowsWritten: Number(prepare(statement).run(...bindings).changes) };
    },
    transaction(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}
