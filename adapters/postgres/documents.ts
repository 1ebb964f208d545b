import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';
import { toDocumentText, versionConflict } from '../documents.ts';
import type { Row, Sql, SqlValue } from './database.ts';

/**
 * Documents in one table, each write a single conditional statement: Postgres looks at the condition again when it has
 * waited for another's write, so that of two with the same expected version one fails. A deleted document stays as a row
 * without value, because versions grow over a delete.
 */
export function createPostgresDocuments(sql: Sql): Documents {
  /** The version after the write; `undefined` when the condition did not hold. */
  async function write(statement: string, ...values: readonly SqlValue[]): Promise<number | undefined> {
    const [row] = await sql.run(`${statement} RETURNING version`, ...values);
    return row === undefined ? undefined : Number(row['version']);
  }

  async function get(key: string): Promise<StoredDocument | undefined> {
    const rows = await sql.run('SELECT key, value, version FROM document WHERE key = $1 AND value IS NOT NULL', key);
    return rows.map(toDocument)[0];
  }

  return {
    get,
    async put(key, value, expectedVersion) {
      const text = toDocumentText(value);
      const version =
        expectedVersion === undefined
          ? await write(insert, key, text)
          : expectedVersion === 0
            ? await write(`${insert} WHERE document.value IS NULL`, key, text)
            : await write(`${update} AND version = $3`, key, text, expectedVersion);
      if (version === undefined) throw versionConflict();
      return version;
    },
    async delete(key, expectedVersion) {
      if (expectedVersion === undefined) return (await write(update, key, null)) !== undefined;
      if (expectedVersion === 0) {
        if ((await get(key)) === undefined) return false;
        throw versionConflict();
      }
      const version = await write(`${update} AND version = $3`, key, null, expectedVersion);
      if (version === undefined) throw versionConflict();
      return true;
    },
    async list(prefix, { after = '', limit = 100 } = {}) {
      // A range over the primary key, not LIKE: keys may hold % and _. Keys are ASCII, so nothing is above U+10FFFF.
      const rows = await sql.run(
        `SELECT key, value, version FROM document WHERE key >= $1 AND key < $1 || U&'\\+10FFFF' AND key > $2 AND value IS NOT NULL
         ORDER BY key LIMIT $3`,
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

const insert = `INSERT INTO document (key, version, value) VALUES ($1::text, 1, $2::text)
  ON CONFLICT (key) DO UPDATE SET version = document.version + 1, value = excluded.value`;

const update = 'UPDATE document SET value = $2, version = version + 1 WHERE key = $1 AND value IS NOT NULL';

function toDocument(row: Row): StoredDocument {
  return { key: String(row['key']), value: JSON.parse(String(row['value'])), version: Number(row['version']) };
}
