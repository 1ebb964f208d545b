import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { mysql, type MysqlSourceOptions } from '../../../connectors/sources/mysql.ts';
import type { Position, Pulled, Source, SourceContext } from '../../../mesh/connector/source.ts';
import { describeSource } from '../../conformance/source.ts';

const url = process.env['TULLE_TEST_MYSQL_URL'] ?? '';
if (url === '') {
  console.log('The source mysql: skipped, TULLE_TEST_MYSQL_URL names no server (npm run test:connectors).');
}

let tables = 0;

describe.skipIf(url === '')('with a MySQL server', () => {
  const schema = `pulled_${process.pid}`;
  let database: Connection;
  beforeAll(async () => {
    database = await createConnection({ uri: url, timezone: 'Z' });
    await database.query(`CREATE DATABASE ${schema}`);
  });
  afterAll(async () => {
    await database.query(`DROP DATABASE ${schema}`);
    await database.end();
  });

  async function createTable(columns: string): Promise<string> {
    tables += 1;
    const table = `${schema}.t${tables}`;
    await database.query(`CREATE TABLE ${table} (${columns})`);
    return table;
  }

  const contextWith = (secret: string): Omit<SourceContext<MysqlSourceOptions>, 'options'> => ({
    secret: () => Promise.resolve(secret),
    fetch,
    authorize: () => Promise.reject(new Error('none')),
    policy: { allowPrivateTargets: true },
    sockets: createSockets({ allowPrivateTargets: true }),
    signal: new AbortController().signal,
    now: Date.now,
  });

  describeSource('mysql', async () => {
    const table = await createTable('id int AUTO_INCREMENT PRIMARY KEY, number int');
    return {
      source: mysql as Source,
      options: { secret: 'url', table, column: 'id' },
      context: contextWith(url),
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: async (numbers) => {
        for (const number of numbers) await database.query(`INSERT INTO ${table} (number) VALUES (?)`, [number]);
      },
      close: async () => void (await database.query(`DROP TABLE ${table}`)),
    };
  });

  async function pull(
    options: Omit<MysqlSourceOptions, 'secret'>,
    position?: Position,
    {
      partition = { index: 0, count: 1 },
      secret = url,
      now = Date.now,
    }: { partition?: { index: number; count: number }; secret?: string; now?: () => number } = {},
  ): Promise<Pulled> {
    const base = { ...contextWith(secret), options: { secret: 'url', ...options }, now };
    const session = await mysql.open?.(base);
    if (session === undefined) throw new Error('there is no session');
    try {
      const limit = { records: 100, bytes: 1e7 };
      const pulled = await mysql.pull(position, { ...base, session, phase: 'incremental', partition, limit });
      return { ...pulled, position: JSON.parse(JSON.stringify(pulled.position)) as Position };
    } finally {
      await mysql.close?.(session);
    }
  }

  const subjectsOf = ({ records }: Pulled): unknown[] => records.map(({ subject }) => subject);

  it('does not pass over a row that is committed after a later one', async () => {
    const table = await createTable('id int AUTO_INCREMENT PRIMARY KEY');
    const slow = await createConnection(url);
    try {
      await slow.query('START TRANSACTION');
      await slow.query(`INSERT INTO ${table} () VALUES ()`);
      await database.query(`INSERT INTO ${table} () VALUES ()`);
      const early = await pull({ table, column: 'id' });
      expect(early.records).toEqual([]);
      await slow.query('COMMIT');
      const late = await pull({ table, column: 'id' }, early.position);
      expect(subjectsOf(late)).toEqual(['1', '2']);
    } finally {
      await slow.end();
    }
  });

  it('passes over nothing while many write and commit late', { timeout: 60_000 }, async () => {
    const table = await createTable('id int AUTO_INCREMENT PRIMARY KEY, writer int');
    let writing = true;
    let written = 0;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      const connection = await createConnection(url);
      while (writing) {
        await connection.query('START TRANSACTION');
        await connection.query(`INSERT INTO ${table} (writer) VALUES (?)`, [writer]);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
        const keeps = Math.random() < 0.8;
        await connection.query(keeps ? 'COMMIT' : 'ROLLBACK');
        if (keeps) written += 1;
      }
      await connection.end();
    });
    const seen: unknown[] = [];
    let position: Position | undefined;
    for (const end = Date.now() + 8_000; Date.now() < end;) {
      const pulled = await pull({ table, column: 'id' }, position);
      seen.push(...subjectsOf(pulled));
      ({ position } = pulled);
    }
    writing = false;
    await Promise.all(writers);
    for (let quiet = 0; quiet < 3;) {
      const pulled = await pull({ table, column: 'id' }, position);
      seen.push(...subjectsOf(pulled));
      ({ position } = pulled);
      quiet = pulled.records.length === 0 && pulled.done === true ? quiet + 1 : 0;
    }
    expect(written).toBeGreaterThan(50);
    expect(seen).toHaveLength(written);
    expect(new Set(seen).size).toBe(written);
  });

  it('waits a while where it may not see transactions', async () => {
    const table = await createTable('id int AUTO_INCREMENT PRIMARY KEY');
    await database.query(`CREATE USER IF NOT EXISTS blind@'%' IDENTIFIED BY 'only-for-tests'`);
    await database.query(`GRANT SELECT ON ${schema}.* TO blind@'%'`);
    const secret = Object.assign(new URL(url), {
      username: 'blind',
      password: 'only-for-tests',
      pathname: `/${schema}`,
    }).href;
    await database.query(`INSERT INTO ${table} () VALUES ()`);
    const first = await pull({ table, column: 'id' }, undefined, { secret });
    expect(first).toMatchObject({ records: [], done: true });
    const later = (): number => Date.now() + 61_000;
    expect(subjectsOf(await pull({ table, column: 'id' }, first.position, { secret, now: later }))).toEqual(['1']);
    expect(subjectsOf(await pull({ table, column: 'id', settle: 0 }, undefined, { secret }))).toEqual(['1']);
  });

  it('says how many rows wait', async () => {
    const table = await createTable('id int PRIMARY KEY');
    const rows = Array.from({ length: 150 }, (_, index) => `(${index})`);
    await database.query(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
    const first = await pull({ table, column: 'id' });
    expect(first).toMatchObject({ done: false, lag: { records: 150 - first.records.length } });
    expect(await pull({ table, column: 'id' }, first.position)).toMatchObject({ lag: { records: 0 } });
  });

  it('gives every value as the database has it', async () => {
    const table = await createTable(
      `id bigint unsigned PRIMARY KEY, sum decimal(40,20), at datetime(6), stamp timestamp(3) NULL, day date, clock time,
       more json, name text, body blob, flag tinyint(1), bits bit(10), ratio double, small float, choice enum('a','b'), nothing int`,
    );
    await database.query("SET time_zone = '+02:00'");
    await database.query(
      `INSERT INTO ${table} VALUES (18446744073709551615, 12345678901234567890.12345678901234567890,
       '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678', '2026-02-28', '-01:02:03', '{"x": 1e2, "y": "ü"}',
       'line\\nbreak "quoted" é 😀', ?, 1, b'1000000001', 1e300, 0.1, 'b', NULL)`,
      [Buffer.alloc(100, 255)],
    );
    const { records } = await pull({ table, column: 'id' });
    const json = records[0]?.dataJson ?? '';
    expect(json).toContain('"id":18446744073709551615');
    expect(json).toContain('"sum":12345678901234567890.12345678901234567890');
    expect(JSON.parse(json)).toMatchObject({
      at: '2026-01-02T03:04:05.678901',
      stamp: '2026-01-02T01:04:05.678Z',
      day: '2026-02-28',
      clock: '-01:02:03',
      more: { x: 100, y: 'ü' },
      name: 'line\nbreak "quoted" é 😀',
      body: Buffer.alloc(100, 255).toString('base64'),
      flag: 1,
      bits: 513,
      ratio: 1e300,
      small: expect.closeTo(0.1, 6),
      choice: 'b',
      nothing: null,
    });
  });

  it('goes on by a time of change, also where many rows have the same', async () => {
    const table = await createTable('id bigint PRIMARY KEY, changed datetime(6)');
    const values = Array.from({ length: 250 }, (_, index) => `(${9007199254740990n + BigInt(index)}, '2026-01-01')`);
    await database.query(`INSERT INTO ${table} VALUES ${values.join(',')}`);
    const seen: unknown[] = [];
    let position: Position | undefined;
    for (let pulls = 0; pulls < 5; pulls += 1) {
      const pulled = await pull({ table, column: 'changed', key: 'id', columns: ['id'] }, position);
      seen.push(...subjectsOf(pulled));
      ({ position } = pulled);
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => String(9007199254740990n + BigInt(index))));
    await database.query(`UPDATE ${table} SET changed = '2026-02-01' WHERE id = 9007199254740993`);
    const changed = await pull({ table, column: 'changed', key: 'id' }, position);
    expect(subjectsOf(changed)).toEqual(['9007199254740993']);
  });

  it('is divided without a row missing or twice', async () => {
    const table = await createTable('id int PRIMARY KEY');
    await database.query(`INSERT INTO ${table} VALUES ${Array.from({ length: 90 }, (_, id) => `(${id})`).join(',')}`);
    const parts = await Promise.all(
      [0, 1, 2].map((index) => pull({ table, column: 'id' }, undefined, { partition: { index, count: 3 } })),
    );
    const subjects = parts.flatMap(subjectsOf).map(Number);
    expect(subjects.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 90 }, (_, index) => index));
    for (const { records } of parts) expect(records.length).toBeGreaterThan(10);
  });

  it('cannot be made to run what a name holds, and shows no password', async () => {
    await expect(pull({ table: 'x`; DROP DATABASE pulled; --', column: 'id' })).rejects.toMatchObject({
      message: expect.stringContaining('there is no table'),
    });
    const failure = await pull({ table: 't', column: 'id' }, undefined, {
      secret: 'mysql://me:hunter2-hunter2@127.0.0.1:1/none',
    }).catch(String);
    expect(failure).toContain('MySQL: ');
    expect(failure).not.toContain('hunter2');
  });
});
