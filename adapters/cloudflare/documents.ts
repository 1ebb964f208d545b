import { TulleError } from '../../event/error.ts';
import type { Documents, DocumentWrite, StoredDocument } from '../../mesh/ports/documents.ts';
import {
  createDocumentStatements,
  createTableDocuments,
  type DocumentRow,
  sqlite,
  toDocument,
} from '../document-table.ts';
import { toDocumentText } from '../documents.ts';

/**
 * Documents in one D1 table. The table is made when it is first missed, so
 * that a deployment needs no migration and a request in the steady state pays nothing for it.
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

  function run(sql: string, values: readonly (string | number)[]): Promise<readonly DocumentRow[]> {
    const statement = database.prepare(sql).bind(...values);
    return withTable(async () => (await statement.all<DocumentRow>()).results);
  }

  function toStatement({ key, value, expectedVersion }: DocumentWrite): D1PreparedStatement {
    const text = toDocumentText(value);
    return expectedVersion === 0
      ? database.prepare(statements.create).bind(key, text)
      : database.prepare(statements.replace).bind(key, text, expectedVersion);
  }

  return {
    ...createTableDocuments(run, statements),

    async getMany(keys) {
      const found = new Map<string, StoredDocument>();
      for (let start = 0; start < keys.length; start += mostParameters) {
        const some = keys.slice(start, start + mostParameters);
        const places = some.map((_key, index) => `?${index + 1}`).join(', ');
        const sql = `SELECT key, value, version FROM documents WHERE key IN (${places}) AND value IS NOT NULL`;
        for (const document of (await run(sql, some)).map(toDocument)) found.set(document.key, document);
      }
      return keys.map((key) => found.get(key));
    },

    async putMany(writes) {
      const held: boolean[] = [];
      for (let start = 0; start < writes.length; start += mostStatements) {
        const statements = writes.slice(start, start + mostStatements).map(toStatement);
        const results = await withTable(() => database.batch<DocumentRow>(statements));
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

/** Without a row id: one row written for each write, and no second index. */
const createTable = `CREATE TABLE IF NOT EXISTS documents (
  key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT
) WITHOUT ROWID`;

const statements = createDocumentStatements({ ...sqlite, table: 'documents' });

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
