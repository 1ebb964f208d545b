import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '../../../adapters/postgres/database.ts';
import { migrate } from '../../../adapters/postgres/schema.ts';

/** The server of the tests: `npm run test:postgres` starts one. Its user may make schemas. */
export const postgresUrl = process.env['TULLE_TEST_POSTGRES_URL'] ?? '';

/** Tables that nobody else has. */
export interface TestDatabase extends Database {
  readonly schema: string;
  drop(): Promise<void>;
}

export async function openTestDatabase(connections = 4): Promise<TestDatabase> {
  const schema = `test_${randomBytes(8).toString('hex')}`;
  const database = openDatabase({ url: postgresUrl, schema, connections });
  await migrate(database, schema);
  return {
    ...database,
    schema,
    async drop() {
      await database.run(`DROP SCHEMA ${schema} CASCADE`);
      await database.close();
    },
  };
}
