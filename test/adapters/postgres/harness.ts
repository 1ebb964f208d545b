import { createPostgresDocuments } from '../../../adapters/postgres/documents.ts';
import { createPostgresSnapshots } from '../../../adapters/postgres/snapshots.ts';
import type { createHarness, Harness } from '../../mesh/harness.ts';
import { createNodeHarness } from '../node/harness.ts';
import { openPostgresLog } from './log.ts';
import { openTestDatabase } from './schema.ts';

/** The mesh as it runs on Node with a Postgres: see `createNodeHarness`. */
export function createPostgresHarness(options: Parameters<typeof createHarness>[0] = {}): Promise<Harness> {
  return createNodeHarness(options, async (host) => {
    const database = await openTestDatabase();
    const log = await openPostgresLog(host, database);
    return {
      documents: createPostgresDocuments(database),
      snapshots: createPostgresSnapshots(database),
      queue: { append: (shard, entries) => log.log().append(shard, entries) },
      log,
      close: () => database.drop(),
    };
  });
}
