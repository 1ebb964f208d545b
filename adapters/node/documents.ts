import type { Documents } from '../../mesh/ports/documents.ts';
import { createDocumentStatements, createTableDocuments, sqlite } from '../document-table.ts';
import type { Sql } from '../sqlite/sql.ts';

/** Documents in one SQLite table. */
export function createSqliteDocuments(sql: Sql): Documents {
  sql.run(`CREATE TABLE IF NOT EXISTS document (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT
  ) WITHOUT ROWID`);
  return createTableDocuments(async (statement, values) => sql.run(statement, ...values).rows, statements);
}

const statements = createDocumentStatements({ ...sqlite, table: 'document' });
