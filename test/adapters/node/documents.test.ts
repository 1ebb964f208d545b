import { createSqliteDocuments } from '../../../adapters/node/documents.ts';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { describeDocuments } from '../../conformance/documents.ts';

describeDocuments('Node SQLite', async () => createSqliteDocuments(createNodeSql(':memory:')));
