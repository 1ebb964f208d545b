import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestDatabase } from './schema.ts';
import { frame } from '../../../mesh/frame.ts';
import { acceptanceSlackMs, isReplay, type ReplayOrder, type ReplayStatus } from '../../../mesh/replay/replay.ts';
import type { QueueHost } from '../../conformance/queue.ts';
import type { ArchiveUnderTest } from '../../conformance/replays.ts';
import { openPostgresLog } from './log.ts';
import { openTestDatabase, postgresUrl } from './schema.ts';

vi.setConfig({ testTimeout: 30_000 });

const shard = { tenant: 't', bus: 'b', shard: 0 };
let database: TestDatabase;
let now: number;
let replayed: string[];
/** What a turn waits for, where one is to last. */
let turn: Promise<void>;
const host: QueueHost = {
  now: () => now,
  async consume(messages, task) {
    if (!isReplay(task)) return { retries: [], records: [] };
    await turn;
    replayed.push(...messages);
    const counts = { skip: 0, read: messages.length, replayed: 0, deliveries: 0, delayMs: 0, targets: [] };
    const retries = messages.map((text) => ({ body: `made of ${text}`, delayMs: 0 }));
    return { retries, records: [], replay: { ...counts, taken: messages.length } };
  },
};

describe.skipIf(postgresUrl === '')('replays by several processes', () => {
  beforeEach(async () => {
    database = await openTestDatabase();
    now = 1_700_000_000_000;
    replayed = [];
    turn = Promise.resolve();
  });
  afterEach(() => database.drop());

  it('pass over no row that has a smaller id than one that was committed earlier', async () => {
    const queue = await openPostgresLog(host, database);
    const committed = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const slow = database.transaction(async (sql) => {
      await sql.run(
        `INSERT INTO batch (bus, id, at, archived, body)
         SELECT 't/b', nextval(pg_get_serial_sequence('message', 'id')), $1::bigint, true, $2`,
        now,
        frame(['slow']),
      );
      written.resolve();
      await committed.promise;
    });
    await written.promise;
    await queue.archive(['quick'], 3_600);
    now += acceptanceSlackMs;
    await start(queue);
    const drained = queue.drain();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(replayed).toEqual([]);
    committed.resolve();
    await slow;
    await drained;
    expect(replayed).toEqual(['slow', 'quick']);
  });

  it('begin with the smallest id of their range, whichever process was first by its clock', async () => {
    const queue = await openPostgresLog(host, database);
    now += 5;
    await queue.archive(['first'], 3_600);
    now -= 5;
    await queue.archive(['second, by another clock'], 3_600);
    now += acceptanceSlackMs;
    await start(queue);
    await queue.drain();
    expect(replayed).toEqual(['first', 'second, by another clock']);
  });

  it('are no more than so many, however many ask for one at once', async () => {
    const queue = await openPostgresLog(host, database);
    const statuses = await Promise.all(Array.from({ length: 8 }, (_, index) => start(queue, `r${index}`, 3)));
    expect(statuses.filter((status) => status !== undefined)).toHaveLength(3);
    expect(await queue.replays.list(shard)).toHaveLength(3);
    const again = await Promise.all(['same', 'same'].map((name) => start(queue, name, 4)));
    expect(again).toMatchObject([{ order: { name: 'same' } }, { order: { name: 'same' } }]);
  });

  it('go on with another process, and what the first one made of its turn is dropped', async () => {
    const queue = await openPostgresLog(host, database);
    await queue.archive(['a', 'b'], 3_600);
    await queue.drain();
    now += acceptanceSlackMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    turn = promise;
    await start(queue);
    const first = queue.log();
    const running = first.drain.run();
    await new Promise((done) => setTimeout(done, 200));
    // It counts as dead: the other one takes the turn anew.
    await queue.crash?.();
    turn = Promise.resolve();
    await queue.drain();
    resolve();
    await running;
    now += 1_000;
    await queue.drain();
    expect(replayed).toEqual(['a', 'b', 'a', 'b']);
    const [row] = await database.run("SELECT count(*) AS made FROM message WHERE body LIKE '%made of%'");
    expect(Number(row?.['made'])).toBe(0);
    expect(await queue.replays.get(shard, 'again')).toMatchObject({ state: 'completed', read: 2 });
    const books = await queue.ledger.books?.(shard);
    expect(books?.planned).toBe(2 + 2);
  });
});

function start(queue: ArchiveUnderTest, name = 'again', most?: number): Promise<ReplayStatus | undefined> {
  const order: ReplayOrder = {
    tenant: 't',
    bus: 'b',
    name,
    id: 'x1',
    archive: 'all',
    from: now - 3_600_000,
    to: now - acceptanceSlackMs + 1_000,
    version: 1,
    startedAt: now,
    by: 'key',
  };
  return queue.replays.start(shard, order, most);
}
