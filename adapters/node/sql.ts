import { type FileHandle, open } from 'node:fs/promises';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Sql, SqlValue } from '../sqlite/sql.ts';

/** Node's SQLite as `Sql`. */
export interface NodeSql extends Sql {
  /** Resolves when everything written so far is on disk. */
  synced(): Promise<void>;
  close(): Promise<void>;
}

export interface NodeSqlOptions {
  /**
   * `commit` (default): every commit waits for the disk. `asked`: whoever needs it calls `synced`, which does not hold
   * up the event loop for the 0.3 ms and more that a disk takes.
   */
  readonly sync?: 'commit' | 'asked';
}

/**
 * Pages of 4 KB in the log before they are copied into the database, which holds up the event loop for 50 ms on a busy
 * disk: seldom enough that fewer than one event in a hundred meets it.
 */
const CHECKPOINT_PAGES = 4_000;

/**
 * Opens a database with a write-ahead log. It belongs to this process alone: a second one is refused, so that no two
 * of them deliver from one folder.
 *
 * With `synchronous = NORMAL` SQLite writes a commit to the log and leaves it to the system when it reaches the disk;
 * it syncs before a checkpoint only, which keeps the file whole in every crash (sqlite.org/pragma.html#pragma_synchronous).
 * The sync that `FULL` makes after each commit is made by `synced` instead: of the same file, in another thread.
 */
export function createNodeSql(path: string, { sync = 'commit' }: NodeSqlOptions = {}): NodeSql {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${sync === 'commit' ? 'FULL' : 'NORMAL'};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; BEGIN IMMEDIATE; COMMIT`);
  const prepared = new Map<string, { readonly statement: StatementSync; readonly answers: boolean }>();
  let log: Promise<FileHandle> | undefined;

  function prepare(text: string): { readonly statement: StatementSync; readonly answers: boolean } {
    let found = prepared.get(text);
    if (found === undefined) {
      found = { statement: database.prepare(text), answers: /^\s*SELECT|\bRETURNING\b/i.test(text) };
      prepared.set(text, found);
    }
    return found;
  }

  return {
    run(text, ...bindings) {
      const { statement, answers } = prepare(text);
      if (!answers) return { rows: [], rowsWritten: Number(statement.run(...bindings).changes) };
      const rows = statement.all(...bindings) as Record<string, SqlValue>[];
      return { rows, rowsWritten: /^\s*SELECT/i.test(text) ? 0 : rows.length };
    },
    transaction(work) {
      prepare('BEGIN IMMEDIATE').statement.run();
      try {
        const result = work();
        prepare('COMMIT').statement.run();
        return result;
      } catch (error) {
        // SQLite has rolled back by itself where the disk is full or fails.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    async synced() {
      if (sync === 'commit' || path === ':memory:') return;
      log ??= open(`${path}-wal`, 'r+');
      await (await log).datasync();
    },
    async close() {
      database.close();
      await (await log)?.close();
    },
  };
}
