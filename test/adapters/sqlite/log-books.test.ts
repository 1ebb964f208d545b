import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { createLog, type Log } from '../../../adapters/sqlite/log.ts';
import { weigh } from '../../../adapters/sqlite/log-rows.ts';
import type { Sql } from '../../../adapters/sqlite/sql.ts';
import type { Tally } from '../../../mesh/books.ts';
import { encodeEnvelope } from '../../../mesh/envelope.ts';
import { fromJson } from '../../../event/json-format.ts';
import { frame } from '../../../mesh/frame.ts';
import type { LedgerRecord } from '../../../mesh/ledger.ts';
import type { QueueConsumer } from '../../../mesh/ports/consumer.ts';
import type { Settlement } from '../../../mesh/ports/settlement.ts';

describe('the books of a log', () => {
  it('begin with what an append brings, and end with what the settlement says', async () => {
    const bench = createBench();
    await bench.log.append(
      { messages: [toMessage(2), toMessage(3)], laned: [{ lane: 'r/t', body: toMessage(4) }] },
      60,
    );
    expect(bench.log.books()).toMatchObject({ planned: 9, pending: 9, counted: 9 });
    bench.answer = (messages) => ({ ...settled, tally: ended({ delivered: messages.length === 2 ? 5 : 4 }) });
    await bench.drain();
    expect(bench.log.books()).toMatchObject({ planned: 9, delivered: 9, pending: 0, counted: 0 });
    expect(bench.log.books().targets).toEqual({ 'r/t': { delivered: 9 } });
  });

  it.each([{ record: true }, { record: false }])(
    'are the same after every restart (history: $record)',
    async ({ record }) => {
      const bench = createBench();
      const records = record ? [delivered] : [];
      for (let round = 1; round <= 20; round += 1) {
        await bench.log.append({ messages: [toMessage(3)], laned: [{ lane: 'r/t', body: toMessage(2) }] }, 60);
        bench.restart();
        expect(bench.log.books()).toMatchObject({ counted: bench.log.books().pending });
        // A part of it is done, a part goes to a lane, a part is tried again.
        bench.answer = (messages, task) => {
          const deliveries = weigh(messages);
          if (task !== undefined) {
            const outcome = { ...turn, taken: messages.length, remains: [toMessage(1)] };
            return { ...settled, records, tally: ended({ delivered: deliveries - 1 }), turn: outcome };
          }
          const lane = { body: toMessage(1), delayMs: 0, lane: 'r/t' };
          const retries = [{ body: toMessage(1), delayMs: 3_600_000 }, lane];
          return { retries, records, tally: ended({ expired: deliveries - 2 }) };
        };
        await bench.drain();
        const before = bench.log.books();
        expect(before).toMatchObject({ planned: 5 * round, counted: before.pending });
        bench.restart();
        expect(bench.log.books()).toEqual(before);
      }
    },
  );

  it('know what was settled behind a slow batch: a restart does not hand it out again', async () => {
    const bench = createBench();
    const seen: string[] = [];
    const messages = ['slow', 'two', 'three', 'four'];
    bench.consume = (bodies) => {
      seen.push(...bodies);
      return bodies.includes('slow')
        ? new Promise(() => {})
        : Promise.resolve({ ...settled, tally: ended({ delivered: 1 }) });
    };
    await bench.log.append({ messages: ['slow'] }, 60);
    void bench.log.drain();
    for (const message of messages.slice(1)) {
      await until(() => seen.length > 0 && bench.log.books().delivered === seen.length - 1);
      await bench.log.append({ messages: [message] }, 60);
      await until(() => seen.includes(message));
    }
    await until(() => bench.log.books().delivered === 3);
    bench.restart();
    expect(bench.log.books()).toMatchObject({ planned: 4, delivered: 3, pending: 1, counted: 1 });
    expect(seen).toEqual(messages);
    bench.consume = (bodies) => {
      seen.push(...bodies);
      return Promise.resolve({ ...settled, tally: ended({ delivered: bodies.length }) });
    };
    await bench.log.append({ messages: ['five'] }, 60);
    await bench.drain();
    expect(seen).toEqual([...messages, 'slow', 'five']);
    bench.restart();
    expect(bench.log.books()).toMatchObject({ planned: 5, delivered: 5, pending: 0, counted: 0 });
    expect(bench.sql.run("SELECT value FROM setting WHERE name = 'cursor'").rows[0]?.['value']).toBe(
      bench.sql.run('SELECT max(sequence) AS last FROM batch').rows[0]?.['last'],
    );
  });

  it('cost no row where history is written', async () => {
    const bench = createBench();
    bench.answer = () => ({ ...settled, records: [delivered], tally: ended({ delivered: 1 }) });
    await bench.log.append({ messages: ['m'] }, 86_400);
    await bench.drain();
    const written = bench.log.rowsWritten();
    await bench.log.append({ messages: [], laned: [{ lane: 'r/t', body: 'm' }] }, 86_400);
    await bench.drain();
    // The lane's row in and out, the history, and two alarms: the turn's and the purge's.
    expect(bench.log.rowsWritten() - written).toBe(5);
    expect(bench.log.books()).toMatchObject({ planned: 2, delivered: 2, counted: 0 });
  });

  it('outlive the history that they were written into', async () => {
    const bench = createBench();
    bench.answer = () => ({ ...settled, records: [delivered], tally: ended({ delivered: 1 }) });
    await bench.log.append({ messages: [], laned: [{ lane: 'r/t', body: 'm' }] }, 60);
    await bench.drain();
    bench.now += 3_600_000;
    await bench.drain();
    expect(bench.sql.run('SELECT count(*) AS rows FROM record').rows[0]?.['rows']).toBe(0);
    bench.restart();
    expect(bench.log.books()).toMatchObject({ planned: 1, delivered: 1, counted: 0 });
  });

  it('count what our own code failed on for too long as set aside', async () => {
    const bench = createBench();
    bench.consume = () => Promise.reject(new Error('it cannot'));
    await bench.log.append({ messages: [toMessage(3)], laned: [{ lane: 'r/t', body: toMessage(2) }] }, 60);
    for (let failures = 0; failures <= 41; failures += 1) {
      await bench.drain();
      bench.now += 3_600_000;
      expect(bench.log.books().counted).toBe(bench.log.books().pending);
    }
    expect(bench.log.books()).toMatchObject({ planned: 5, quarantined: 5, pending: 0 });
  });

  it('stay as they were when the transaction fails', async () => {
    const bench = createBench();
    bench.answer = () => ({ ...settled, tally: ended({ delivered: 2 }) });
    await bench.log.append({ messages: [toMessage(2)] }, 60);
    bench.fails = true;
    await bench.drain();
    expect(bench.log.books()).toMatchObject({ planned: 2, delivered: 0, counted: 2 });
    bench.fails = false;
    await bench.drain();
    expect(bench.log.books()).toMatchObject({ planned: 2, delivered: 2, counted: 0 });
  });

  it('say that they do not know where there is too much to count', async () => {
    const bench = createBench();
    bench.restart();
    bench.sql.run(`INSERT INTO lane (lane, place, sequence, due, failures, deliveries, body)
      WITH RECURSIVE number (value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM number WHERE value < 10001)
      SELECT 'r/t', 0, value, 0, 0, 2, '1' || char(10) || 'm' FROM number`);
    bench.restart();
    const { pending, counted } = bench.log.books();
    expect(pending).toBe(20_002);
    expect(counted).toBeUndefined();
  });

  it('keep so many targets by name, and the others in the totals', async () => {
    const bench = createBench();
    const names = Array.from({ length: 150 }, (_, number) => `r/t${number}`);
    bench.answer = () => ({
      ...settled,
      tally: { added: 0, ended: Object.fromEntries(names.map((name) => [name, { delivered: 1 }])) },
    });
    await bench.log.append({ messages: [toMessage(150)] }, 60);
    await bench.drain();
    expect(bench.log.books()).toMatchObject({ delivered: 150, pending: 0 });
    expect(Object.keys(bench.log.books().targets)).toHaveLength(100);
  });

  it('begin, in a file that is older than they are, with what is in its queue', async () => {
    const sql = createNodeSql(':memory:');
    for (const statement of olderSchema) sql.run(statement);
    const row = (...messages: string[]): string => frame(messages);
    sql.run("INSERT INTO setting VALUES ('cursor', 3)");
    sql.run('INSERT INTO batch VALUES (3, 1, ?)', row(toMessage(7)));
    sql.run('INSERT INTO batch VALUES (4, 1, ?)', row(toMessage(2), toOlder(toMessage(3))));
    sql.run('INSERT INTO retry VALUES (5, 9, 0, ?)', toOlder(toMessage(4)));
    sql.run('INSERT INTO retry VALUES (6, 2, 0, ?)', toOlder(toMessage(1)));
    sql.run("INSERT INTO lane VALUES ('r/t#k', 0, 6, 5, 0, ?)", row(toMessage(5)));
    sql.run("INSERT INTO lane VALUES ('r/t#l', 0, 1, 5, 0, ?)", row(toMessage(6), 'no envelope'));
    sql.run("INSERT INTO record VALUES (2, 1, '[]')");
    const bench = createBench(sql);
    for (let restart = 0; restart < 3; restart += 1) {
      expect(bench.log.books()).toMatchObject({ planned: 22, pending: 22, counted: 22 });
      bench.restart();
    }
    bench.answer = (messages) => ({ ...settled, tally: ended({ delivered: weigh(messages) }) });
    await bench.drain();
    expect(bench.log.books()).toMatchObject({ planned: 22, delivered: 22, counted: 0 });
  });
});

const settled: Settlement = { retries: [], records: [] };
const turn = { taken: 1, remains: [], delayMs: 3_600_000, ok: 1, failed: 0, gaveUp: false };
const delivered: LedgerRecord = {
  at: 1,
  tenant: 't',
  bus: 'b',
  status: 'delivered',
  eventId: 'e',
  source: '/s',
  type: 't',
  rule: 'r',
  target: 't',
  attempt: 1,
};

const olderSchema = [
  'CREATE TABLE batch (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)',
  `CREATE TABLE retry (due INTEGER NOT NULL, sequence INTEGER NOT NULL, failures INTEGER NOT NULL,
     body TEXT NOT NULL, PRIMARY KEY (due, sequence)) WITHOUT ROWID`,
  'CREATE TABLE record (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)',
  'CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  `CREATE TABLE lane (lane TEXT NOT NULL, place INTEGER NOT NULL, sequence INTEGER NOT NULL,
     due INTEGER NOT NULL, failures INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (lane, place, sequence)) WITHOUT ROWID`,
];

interface Bench {
  readonly sql: Sql;
  readonly log: Log;
  now: number;
  fails: boolean;
  consume: QueueConsumer;
  answer: (...asked: Parameters<QueueConsumer>) => Settlement;
  drain(): Promise<void>;
  /** As after a crash: the next process has the same file. */
  restart(): void;
}

function createBench(file: Sql = createNodeSql(':memory:')): Bench {
  const sql: Sql = {
    ...file,
    transaction: (work) => {
      if (bench.fails) throw new Error('database or disk is full');
      return file.transaction(work);
    },
  };
  const open = (): Log =>
    createLog({
      sql,
      consume: (...asked) => bench.consume(...asked),
      now: () => bench.now,
      pause: () => setImmediate(),
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(),
      report: () => {},
    });
  let log: Log | undefined;
  const bench: Bench = {
    sql: file,
    get log() {
      return (log ??= open());
    },
    now: 1_000_000,
    fails: false,
    consume: (...asked) => Promise.resolve(bench.answer(...asked)),
    answer: () => settled,
    drain: () => bench.log.drain(),
    restart: () => void (log = open()),
  };
  return bench;
}

function ended(ends: Tally['ended'][string]): Tally {
  return { added: 0, ended: { 'r/t': ends } };
}

/** A message of so many deliveries. */
function toMessage(deliveries: number): string {
  const event = fromJson('{"specversion":"1.0","id":"e","source":"/s","type":"t"}');
  const targets = Array.from({ length: deliveries }, (_, number) => ({ rule: 'r', target: `t${number}` }));
  const events = [{ event, receipt: { id: 'r', at: 1 }, index: 0, deliveries: targets }];
  return encodeEnvelope({ tenant: 't', bus: 'b', version: 1, attempts: 0, events });
}

/** As it was written before a message said of how many deliveries it is. */
function toOlder(message: string): string {
  const [lengths = '', rest = ''] = message.split('\n');
  const [length = '', ...others] = lengths.split(',');
  const [weight = ''] = /"w":\d+,/.exec(rest) ?? [];
  return `${[Number(length) - weight.length, ...others].join(',')}\n${rest.replace(weight, '')}`;
}

async function until(condition: () => boolean): Promise<void> {
  for (let wait = 0; !condition(); wait += 1) {
    if (wait > 1_000) throw new Error('it never came');
    await setImmediate();
  }
}
