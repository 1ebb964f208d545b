import type { Documents } from '../../mesh/ports/documents.ts';
import { createDocumentStatements, createTableDocuments } from '../document-table.ts';
import type { Sql } from './database.ts';

/**
 * Documents in one table: Postgres looks at the condition of a write again when it has waited for another's, so that of
 * two with the same expected version one fails.
 */
export function createPostgresDocuments(sql: Sql): Documents {
  return createTableDocuments((statement, values) => sql.run(statement, ...values), statements);
}

const statements = createDocumentStatements({
  table: 'document',
  place: '$',
  highest: String.raw`U&'\+10FFFF'`,
  text: '::text',
});
