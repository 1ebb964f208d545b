import { afterAll, describe } from 'vitest';
import { createPostgresDocuments } from '../../../adapters/postgres/documents.ts';
import { createPostgresSnapshots } from '../../../adapters/postgres/snapshots.ts';
import { describeDocuments } from '../../conformance/documents.ts';
import { describeSnapshots } from '../../conformance/snapshots.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from './schema.ts';

const open: TestDatabase[] = [];
afterAll(() => Promise.all(open.map((database) => database.drop())));

async function create(): Promise<TestDatabase> {
  const database = await openTestDatabase(2);
  open.push(database);
  return database;
}

describe.skipIf(postgresUrl === '')('with a Postgres server', () => {
  describeDocuments('Postgres', async () => createPostgresDocuments(await create()));
  describeSnapshots('Postgres', async () => createPostgresSnapshots(await create()));
});
