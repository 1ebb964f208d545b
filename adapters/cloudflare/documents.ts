import { TulleError } from '../../event/error.ts';
import type { Documents, DocumentWrite, StoredDocument } from '../../mesh/ports/documents.ts';
import { toDocumentText, versionConflict } from '../documents.ts';

/**
 * Documents in one D1 table, each write a single conditional statement. The table is made when it is first missed, so
 * that a deployment needs no migration and a request in the steady state pays nothing for it.
 * A deleted document stays as a row without value, because versions grow over a delete.
 */
export function createD1Documents(database: D1Database): Documents {
  /** D1 rolls what failed back, so a missing table can be made and the work done again. */
  async function withTable<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!isMissingTable(error)) throw unavailable(error);
    }
    try {
      await database.prepare(createTable).run();
      return await work();
    } catch (error) {
      throw unavailable(error);
    }
  }

  function run(sql: string, ...values: readonly (string | number)[]): Promise<Row[]> {
    const statement = database.prepare(sql).bind(...values);
    return withTable(async () => (await statement.all<Row>()).results);
  }

  function toStatement({ key, value, expectedVersion }: DocumentWrite): D1PreparedStatement {
    const text = toDocumentText(value);
    return expectedVersion === 0
      ? database.prepare(create).bind(key, text)
      : database.prepare(update).bind(key, text, expectedVersion);
  }

  return {
    async get(key) {
      const [row] = await run('SELECT key, value, version FROM documents WHERE key = ?1 AND value IS NOT NULL', key);
      return row === undefined ? undefined : toDocument(row);
    },

    async put(key, value, expectedVersion) {
      const text = toDocumentText(value);
      const [row] =
        expectedVersion === undefined
          ? await run(`${insert} RETURNING version`, key, text)
          : expectedVersion === 0
            ? await run(create, key, text)
            : await run(update, key, text, expectedVersion);
      if (row === undefined) throw versionConflict();
      return row.version;
    },

    async delete(key, expectedVersion) {
      const erase = 'UPDATE documents SET value = NULL, version = version + 1 WHERE key = ?1 AND value IS NOT NULL';
      if (expectedVersion === undefined) return (await run(`${erase} RETURNING version`, key)).length > 0;
      if (expectedVersion === 0) {
        if ((await this.get(key)) === undefined) return false;
        throw versionConflict();
      }
      const erased = await run(`${erase} AND version = ?2 RETURNING version`, key, expectedVersion);
      if (erased.length === 0) throw versionConflict();
      return true;
    },

    async list(prefix, { after = '', limit = 100 } = {}) {
      // A range over the primary key, not LIKE: keys may hold % and _. Keys are ASCII, so nothing is above U+10FFFF.
      const rows = await run(
        `SELECT key, value, version FROM documents
         WHERE key >= ?1 AND key < ?1 || char(0x10FFFF) AND key > ?2 AND value IS NOT NULL ORDER BY key LIMIT ?3`,
        prefix,
        after,
        limit + 1,
      );
      const items = rows.slice(0, limit).map(toDocument);
      const last = items.at(-1);
      return rows.length > limit && last !== undefined ? { items, next: last.key } : { items };
    },

    async getMany(keys) {
      const found = new Map<string, StoredDocument>();
      for (let start = 0; start < keys.length; start += mostParameters) {
        const some = keys.slice(start, start + mostParameters);
        const places = some.map((_key, index) => `?${index + 1}`).join(', ');
        const sql = `SELECT key, value, version FROM documents WHERE key IN (${places}) AND value IS NOT NULL`;
        for (const row of await run(sql, ...some)) found.set(row.key, toDocument(row));
      }
      return keys.map((key) => found.get(key));
    },

    async putMany(writes) {
      const held: boolean[] = [];
      for (let start = 0; start < writes.length; start += mostStatements) {
        const statements = writes.slice(start, start + mostStatements).map(toStatement);
        const results = await withTable(() => database.batch<Row>(statements));
        held.push(...results.map(({ results: rows }) => rows.length > 0));
      }
      return held;
    },
  };
}

/** Of one statement, at most. */
const mostParameters = 100;
/** Of one call: it counts as one of the 1,000 that an invocation may make. */
const mostStatements = 50;

interface Row {
  readonly key: string;
  readonly value: string;
  readonly version: number;
}

/** Without a row id: one row written for each write, and no second index. */
const createTable = `CREATE TABLE IF NOT EXISTS documents (
  key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT
) WITHOUT ROWID`;

const insert = `INSERT INTO documents (key, version, value) VALUES (?1, 1, ?2)
  ON CONFLICT (key) DO UPDATE SET version = documents.version + 1, value = excluded.value`;

const create = `${insert} WHERE documents.value IS NULL RETURNING version`;

const update = `UPDATE documents SET value = ?2, version = version + 1
  WHERE key = ?1 AND version = ?3 AND value IS NOT NULL RETURNING version`;

function toDocument({ key, value, version }: Row): StoredDocument {
  return { key, value: JSON.parse(value), version };
}

function isMissingTable(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no such table: documents');
}

function unavailable(cause: unknown): TulleError {
  return new TulleError('unavailable', 'The documents cannot be read or written now.', {
    mend: 'Send the request again in a moment.',
    retryAfter: 1,
    cause,
  });
}
