import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { purge } from '../../../adapters/postgres/purge.ts';
import { openPostgresLog } from './log.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from './schema.ts';

vi.setConfig({ testTimeout: 30_000 });

const day = 86_400_000;
let database: TestDatabase;

describe.skipIf(postgresUrl === '')('what is older than its bus keeps it', () => {
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.drop());

  it('is deleted, but for what is still to be delivered and for dead letters', async () => {
    let now = 1_700_000_000_000;
    const record = { tenant: 't', bus: 'b', source: '/s', type: 'x', rule: 'r', target: 'x', attempt: 1 } as const;
    const queue = await openPostgresLog(
      {
        now: () => now,
        consume: (messages) =>
          Promise.resolve({
            retries: [],
            records: messages.map((eventId) => ({
              ...record,
              at: now,
              eventId,
              status: 'dead-lettered',
              event: '{}',
            })),
          }),
      },
      database,
    );
    const counts = async (): Promise<number[]> =>
      Promise.all(
        ['batch', 'record', 'dead_letter', 'message'].map(async (table) => {
          const [row] = await database.run(`SELECT count(*) AS rows FROM ${table}`);
          return Number(row?.['rows']);
        }),
      );
    await queue.append(['settled']);
    await queue.drain();
    await queue.append(['open']);
    expect(await counts()).toEqual([2, 1, 1, 1]);
    await purge(database, now + day - 1);
    expect(await counts()).toEqual([2, 1, 1, 1]);
    await purge(database, now + day + 1);
    expect(await counts()).toEqual([1, 0, 1, 1]);
    now += 31 * day;
    await purge(database, now);
    expect(await counts()).toEqual([1, 0, 0, 1]);
    await queue.drain();
    await purge(database, now);
    expect(await counts()).toEqual([0, 1, 1, 0]);
  });
});
