import { describe, vi } from 'vitest';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeQueue, type QueueHost } from '../../conformance/queue.ts';
import { type ArchiveUnderTest, describeReplays } from '../../conformance/replays.ts';
import { describeWaits } from '../../conformance/waits.ts';
import { describeTrace } from '../../conformance/trace.ts';
import { openPostgresLog } from './log.ts';
import { openTestDatabase, postgresUrl } from './schema.ts';

if (postgresUrl === '')
  console.log('Postgres: skipped, TULLE_TEST_POSTGRES_URL names no server (npm run test:postgres).');

// Each step of a test is a few commits.
vi.setConfig({ testTimeout: 30_000 });

describe.skipIf(postgresUrl === '')('with a Postgres server', () => {
  describeQueue('Postgres', run);
  describeDeadLetters('Postgres', run);
  describeReplays('Postgres', run);
  describeTrace('Postgres', run);
  describeWaits('Postgres', run);
});

async function run(host: QueueHost, work: (queue: ArchiveUnderTest) => Promise<void>): Promise<void> {
  const database = await openTestDatabase();
  try {
    await work(await openPostgresLog(host, database));
  } finally {
    await database.drop();
  }
}
