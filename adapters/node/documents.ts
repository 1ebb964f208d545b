import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';
import { toDocumentText, versionConflict } from '../documents.ts';
import type { Sql, SqlValue } from '../sqlite/sql.ts';

/**
 * Documents in one SQLite table, each write a single conditional statement.
 * A deleted document stays as a row without value, because versions grow over a delete.
 */
export function createSqlDocuments(sql: Sql): Documents {
  sql.run(`CREATE TABLE IF NOT EXISTS document (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT
  ) WITHOUT ROWID`);

  /** The version after the write; `undefined` when the condition did not hold. */
  function write(statement: string, ...bindings: SqlValue[]): number | undefined {
    const [row] = sql.run(`${statement} RETURNING version`, ...bindings).rows;
    return row === undefined ? undefined : Number(row['version']);
  }

  async function get(key: string): Promise<StoredDocument | undefined> {
    const { rows } = sql.run('SELECT * FROM document WHERE key = ? AND value IS NOT NULL', key);
    return rows.map(toDocument)[0];
  }

  return {
    get,
    async put(key, value, expectedVersion) {
      const text = toDocumentText(value);
      const version =
        expectedVersion === undefined
          ? write(insert, key, text)
          : expectedVersion === 0
            ? write(`${insert} WHERE document.value IS NULL`, key, text)
            : write(`${update} AND version = ?3`, key, text, expectedVersion);
      if (version === undefined) throw versionConflict();
      return version;
    },
    async delete(key, expectedVersion) {
      if (expectedVersion === undefined) return write(update, key, null) !== undefined;
      if (expectedVersion === 0) {
        if ((await get(key)) === undefined) return false;
        throw versionConflict();
      }
      if (write(`${update} AND version = ?3`, key, null, expectedVersion) === undefined) throw versionConflict();
      return true;
    },
    async list(prefix, { after = '', limit = 100 } = {}) {
      // A range over the primary key, not LIKE: keys may hold % and _. Keys are ASCII, so nothing is above U+10FFFF.
      const { rows } = sql.run(
        `SELECT * FROM document WHERE key >= ?1 AND key < ?1 || char(0x10FFFF) AND key > ?2 AND value IS NOT NULL
         ORDER BY key LIMIT ?3`,
        prefix,
        after,
        limit + 1,
      );
      const items = rows.slice(0, limit).map(toDocument);
      const last = items.at(-1);
      return rows.length > limit && last !== undefined ? { items, next: last.key } : { items };
    },
  };
}

const insert = `INSERT INTO document (key, version, value) VALUES (?1, 1, ?2)
  ON CONFLICT (key) DO UPDATE SET version = document.version + 1, value = excluded.value`;

const update = 'UPDATE document SET value = ?2, version = version + 1 WHERE key = ?1 AND value IS NOT NULL';

function toDocument(row: Readonly<Record<string, SqlValue>>): StoredDocument {
  return { key: String(row['key']), value: JSON.parse(String(row['value'])), version: Number(row['version']) };
}
