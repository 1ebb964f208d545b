import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog, type SqlLog } from '../../../adapters/sqlite/log.ts';
import type { Sql } from '../../../adapters/sqlite/sql.ts';
import { createNodeSql, type NodeSql } from '../../../adapters/node/sql.ts';
import type { LedgerFilter, LedgerRecord } from '../../../mesh/ledger.ts';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeQueue, type QueueHost } from '../../conformance/queue.ts';
import { type ArchiveUnderTest, describeReplays } from '../../conformance/replays.ts';
import { openSqlLog } from '../../conformance/sql-log.ts';
import { describeTrace } from '../../conformance/trace.ts';
import { describeWaits } from '../../conformance/waits.ts';

describeQueue('SQL log on Node SQLite', run);
describeDeadLetters('SQL log on Node SQLite', run);
describeReplays('SQL log on Node SQLite', run);
describeTrace('SQL log on Node SQLite', run);
describeWaits('SQL log on Node SQLite', run);

async function run(host: QueueHost, work: (queue: ArchiveUnderTest) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-log-'));
  let open: NodeSql | undefined;
  try {
    await work(
      openSqlLog(host, () => {
        // A process that dies lets go of its locks.
        void open?.close();
        open = createNodeSql(join(folder, 'log.sqlite'), { sync: 'asked' });
        return open;
      }),
    );
  } finally {
    await open?.close();
    rmSync(folder, { recursive: true });
  }
}

describe('a settlement that cannot be written', () => {
  it('repeats what it was about, and the cursor passes nothing in the meantime', async () => {
    const sql = createNodeSql(':memory:');
    const seen: string[] = [];
    const reported: unknown[] = [];
    let now = 1_700_000_000_000;
    let broken = false;
    const log = createLog({
      sql: {
        run: (statement, ...bindings) => sql.run(statement, ...bindings),
        transaction(work) {
          if (broken) throw new Error('the disk is full');
          return sql.transaction(work);
        },
      },
      consume: async (messages) => {
        seen.push(...messages);
        await new Promise((resolve) => setTimeout(resolve, messages.includes('slow') ? 60 : 1));
        return { retries: messages.map((body) => ({ body: `${body} again`, delayMs: 1_000 })), records: [] };
      },
      now: () => now,
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: (_message, error) => reported.push(error),
    });
    await log.append({ messages: ['slow'] }, 3_600);
    const draining = log.drain();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await log.append({ messages: ['quick'] }, 3_600);
    broken = true;
    await draining;
    broken = false;
    expect(reported).toHaveLength(1);
    await log.drain();
    now += 1_000;
    await log.drain();
    expect(seen.filter((text) => text === 'slow').length).toBeGreaterThan(1);
    expect(seen).toContain('slow again');
    expect(seen).toContain('quick again');
    await sql.close();
  });
});

describe('a dead letter that is put back', () => {
  it('is handed out by whoever drains before the disk has answered, so that no alarm rings for nothing', async () => {
    const sql = createNodeSql(':memory:');
    const now = 1_700_000_000_000;
    const place = { tenant: 't', bus: 'b', rule: 'r', target: 'x', source: '/s', type: 't' };
    const event = '{"specversion":"1.0","id":"1","source":"/s","type":"t"}';
    const seen: string[] = [];
    const disk = Promise.withResolvers<void>();
    let synced: Promise<void> = Promise.resolve();
    const log = createLog({
      sql,
      consume(messages) {
        seen.push(...messages);
        const isDead = messages.includes('first');
        const record = { ...place, at: now, status: 'dead-lettered' as const, eventId: '1', attempt: 1, event };
        return Promise.resolve({ retries: [], records: isDead ? [record] : [] });
      },
      now: () => now,
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      synced: () => synced,
      setAlarm: () => Promise.resolve(),
      report: (message, error) => expect.fail(`${message}: ${String(error)}`),
    });
    await log.append({ messages: ['first'] }, 3_600);
    await log.drain();
    const [letter] = log.listDeadLetters({ filter: {}, order: 'oldest', limit: 1 }).items;
    synced = disk.promise;
    const receipt = { id: 'x', at: now };
    const order = { tenant: 't', bus: 'b', version: 1, receipt, by: 'operator', lanes: [] };
    const redriven = log.redrive([letter?.sequence ?? 0], order);
    await log.drain();
    expect(seen).toHaveLength(2);
    disk.resolve();
    expect(await redriven).toEqual({ redriven: [letter?.sequence], looked: 1 });
    await sql.close();
  });
});

describe('a message that our own code never gets through', () => {
  it('is set aside in the end, and the log says so', async () => {
    const sql = createNodeSql(':memory:');
    const reported: string[] = [];
    let now = 1_700_000_000_000;
    const log = createLog({
      sql,
      consume: () => Promise.reject(new Error('broken')),
      now: () => now,
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: (message) => reported.push(message),
    });
    await log.append({ messages: ['poison'] }, 86_400);
    for (let attempt = 0; attempt < 45; attempt++) {
      await log.drain();
      now += 3_600_000;
    }
    expect(reported.filter((message) => message.startsWith('a batch could not be dispatched'))).toHaveLength(41);
    expect(reported.at(-1)).toMatch(/^a message was set aside/);
    expect(sql.run('SELECT body, reason FROM quarantine').rows).toEqual([{ body: 'poison', reason: 'broken' }]);
    await sql.close();
  });
});

describe('what the log keeps', () => {
  it('is deleted when its time is over, history too, and what waits for a retry stays', async () => {
    const sql = createNodeSql(':memory:');
    const seen: string[] = [];
    let now = 1_700_000_000_000;
    let alarm: number | undefined;
    const log = createLog({
      sql,
      consume: (messages) => {
        seen.push(...messages);
        const retries = messages.includes('wait') ? [{ body: 'waited', delayMs: 10 * 3_600_000 }] : [];
        return Promise.resolve({ retries, records: [{ ...delivered, at: now }] });
      },
      now: () => now,
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
      synced: () => Promise.resolve(),
      setAlarm: (at) => {
        alarm = at;
        return Promise.resolve();
      },
      report: () => {},
    });
    await log.append({ messages: ['quick'] }, 3_600);
    await log.drain();
    await log.append({ messages: ['wait'] }, 3_600);
    await log.drain();
    expect(log.rowsKept()).toBe(4);
    expect(alarm).toBe(now + 3_600_000);
    now += 3_600_001;
    await log.drain();
    expect(log.rowsKept()).toBe(0);
    expect(alarm).toBe(1_700_000_000_000 + 10 * 3_600_000);
    now = alarm ?? now;
    await log.drain();
    expect(seen).toEqual(['quick', 'wait', 'waited']);
    await sql.close();
  });

  it('is deleted as fast as it was written, however much it is', async () => {
    const sql = createNodeSql(':memory:');
    let now = 1_700_000_000_000;
    const log = createLog({
      sql,
      consume: () => Promise.resolve({ retries: [], records: [{ ...delivered, at: now }] }),
      now: () => now,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: () => {},
    });
    for (let batch = 0; batch < 400; batch++) await log.append({ messages: [`e${batch}`] }, 60);
    await log.drain();
    expect(log.rowsKept()).toBeGreaterThan(400);
    now += 60_001;
    await log.append({ messages: ['new'] }, 60);
    await log.drain();
    expect(log.rowsKept()).toBe(2);
    await sql.close();
  });

  it('answers with no more of large dead letters than an RPC takes, the newest always whole', async () => {
    const sql = createNodeSql(':memory:');
    const event = `"${'x'.repeat(1_000_000)}"`;
    const log = createDeadLetterLog(sql, event);
    for (let number = 0; number < 40; number++) {
      await log.append({ messages: [`e${number}`] }, 3_600);
      await log.drain();
    }
    const dead = recorded(log, { status: 'dead-lettered' });
    expect(dead).toHaveLength(40);
    expect(JSON.stringify(dead).length).toBeLessThan(16_000_000);
    expect(dead.slice(0, 8).every((record) => record.event === event)).toBe(true);
    expect(recorded(log, { status: 'dead-lettered' }, 100, 1)[0]?.event).toBe(event);
    expect(recorded(log, { status: 'dead-lettered', eventId: 'e3' }, 100, 1)[0]?.event).toBe(event);
    expect(recorded(log, { status: 'dead-lettered' }, 100, 0).some((record) => 'event' in record)).toBe(false);
    await sql.close();
  });

  it('goes on with a table of dead letters from before they had their event beside them', async () => {
    const sql = createNodeSql(':memory:');
    sql.run('CREATE TABLE dead_letter (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)');
    const old = { ...delivered, status: 'dead-lettered', eventId: 'old', event: '{"old":1}' };
    sql.run('INSERT INTO dead_letter VALUES (1, ?, ?)', old.at, JSON.stringify(old));
    const log = createDeadLetterLog(sql, '{"new":1}');
    await log.append({ messages: ['new'] }, 3_600);
    await log.drain();
    createDeadLetterLog(sql, '');
    const found = recorded(log, { status: 'dead-lettered' });
    expect(found.map(({ eventId, event }) => `${eventId} ${event}`)).toEqual(['new {"new":1}', 'old {"old":1}']);
    await sql.close();
  });

  it('can be asked for, and is bounded by what the query allows', async () => {
    const sql = createNodeSql(':memory:');
    const log = createLog({
      sql,
      consume: (messages) =>
        Promise.resolve({ retries: [], records: messages.map((eventId) => ({ ...delivered, eventId })) }),
      now: () => 1_700_000_000_000,
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: () => {},
    });
    await log.append({ messages: Array.from({ length: 500 }, (_, index) => `e${index}`) }, 3_600);
    await log.drain();
    expect(recorded(log, {}, 1_000)).toHaveLength(500);
    expect(recorded(log, {}, 7).map(({ eventId }) => eventId)).toEqual([
      'e499',
      'e498',
      'e497',
      'e496',
      'e495',
      'e494',
      'e493',
    ]);
    expect(recorded(log, { eventId: 'e3' }, 7)).toHaveLength(1);
    await sql.close();
  });
});

function recorded({ history }: SqlLog, filter: LedgerFilter, limit = 100, eventLength = 8_000_000): LedgerRecord[] {
  return history.list({ filter, limit, eventLength }).items.map(({ record }) => record);
}

/** Everything becomes a dead letter with this event. */
function createDeadLetterLog(sql: Sql, event: string): SqlLog {
  return createLog({
    sql,
    consume: (messages) =>
      Promise.resolve({
        retries: [],
        records: messages.map((eventId) => ({ ...delivered, status: 'dead-lettered', eventId, event })),
      }),
    now: () => delivered.at,
    pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
    synced: () => Promise.resolve(),
    setAlarm: () => Promise.resolve(),
    report: (_message, error) => {
      throw error;
    },
  });
}

const delivered = {
  at: 1_700_000_000_000,
  tenant: 't',
  bus: 'b',
  status: 'delivered',
  eventId: 'e1',
  source: '/s',
  type: 'x',
  rule: 'r',
  target: 'x',
  attempt: 1,
} as const;

describe('a log whose commits do not reach the disk', () => {
  it('tells the publishers, and hands out nothing of it', async () => {
    const sql = createNodeSql(':memory:');
    const seen: string[] = [];
    const log = createLog({
      sql,
      consume: (messages) => {
        seen.push(...messages);
        return Promise.resolve({ retries: [], records: [] });
      },
      now: () => delivered.at,
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
      synced: () => Promise.reject(new Error('input/output error')),
      setAlarm: () => Promise.resolve(),
      report: () => {},
    });
    await expect(log.append({ messages: ['lost'] }, 3_600)).rejects.toThrow('input/output error');
    await log.drain();
    expect(seen).toEqual([]);
    await sql.close();
  });
});

describe('a log that is stopped', () => {
  it('settles what is out, hands out nothing more and takes nothing more', async () => {
    const sql = createNodeSql(':memory:');
    const seen: string[] = [];
    const answers: (() => void)[] = [];
    const options = {
      sql,
      consume: async (messages: readonly string[]) => {
        seen.push(...messages);
        await new Promise<void>((resolve) => answers.push(resolve));
        return { retries: [], records: [] };
      },
      now: () => delivered.at,
      pause: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: () => {},
    };
    const log = createLog(options);
    await log.append({ messages: ['out'] }, 3_600);
    const draining = log.drain();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const stopping = log.stop();
    await expect(log.append({ messages: ['late'] }, 3_600)).rejects.toMatchObject({ code: 'unavailable' });
    answers.shift()?.();
    await Promise.all([draining, stopping]);
    await log.drain();
    expect(seen).toEqual(['out']);

    const next = createLog(options);
    await next.drain();
    expect(seen).toEqual(['out']);
    await sql.close();
  });
});
