import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPostgresErasure } from '../../../adapters/postgres/erasure.ts';
import { openPostgresLog } from './log.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from './schema.ts';

vi.setConfig({ testTimeout: 30_000 });

let database: TestDatabase;

describe.skipIf(postgresUrl === '')('the log of a bus', () => {
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.drop());

  it('is erased from every table that has something of it', async () => {
    const queue = await openPostgresLog(
      { now: () => 1_700_000_000_000, consume: () => Promise.resolve({ retries: [], records: [] }) },
      database,
    );
    await queue.append(['one', 'two']);
    const [found] = await database.run('SELECT current_schema() AS name');
    const erasure = createPostgresErasure(database, String(found?.['name']));
    const rows = async (): Promise<number> =>
      Number((await database.run('SELECT count(*) AS rows FROM batch'))[0]?.['rows']);
    await erasure.erase({ tenant: 't', bus: 'other', shard: 0 });
    await erasure.erase({ tenant: 't', bus: 'b', shard: 1 });
    expect(await rows()).toBeGreaterThan(0);
    await erasure.erase({ tenant: 't', bus: 'b', shard: 0 });
    expect(await rows()).toBe(0);
    for (const table of ['message', 'lane', 'retention', 'planned']) {
      expect(await database.run(`SELECT 1 AS one FROM ${table} WHERE bus = 't/b'`), table).toEqual([]);
    }
  });
});
