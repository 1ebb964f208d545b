import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgres } from '../../../connectors/sources/postgres.ts';
import type { PostgresSourceOptions } from '../../../connectors/sources/postgres-kind.ts';
import type { Position, Pulled, Source } from '../../../mesh/connector/source.ts';
import { describeSource } from '../../conformance/source.ts';

const url = process.env['TULLE_TEST_POSTGRES_URL'] ?? '';
if (url === '')
  console.log('The source postgres: skipped, TULLE_TEST_POSTGRES_URL names no server (npm run test:postgres).');

let tables = 0;

describe.skipIf(url === '')('with a Postgres server', () => {
  let database: Client;
  beforeAll(async () => {
    database = new Client({ connectionString: url });
    await database.connect();
    await database.query('CREATE SCHEMA IF NOT EXISTS pulled');
  });
  afterAll(async () => {
    await database.query('DROP SCHEMA pulled CASCADE');
    await database.end();
  });

  async function createTable(columns: string): Promise<string> {
    tables += 1;
    const table = `pulled.t${process.pid}_${tables}`;
    await database.query(`CREATE TABLE ${table} (${columns})`);
    return table;
  }

  const secret = async (): Promise<string> => url;

  describeSource('postgres', async () => {
    const table = await createTable('id serial PRIMARY KEY, number int');
    return {
      source: postgres as Source,
      options: { secret: 'url', table, column: 'id' },
      context: { secret },
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: async (numbers) => {
        for (const number of numbers) await database.query(`INSERT INTO ${table} (number) VALUES ($1)`, [number]);
      },
      close: async () => void (await database.query(`DROP TABLE ${table}`)),
    };
  });

  async function pull(
    options: Omit<PostgresSourceOptions, 'secret'>,
    position?: Position,
    partition = { index: 0, count: 1 },
  ): Promise<Pulled> {
    const base = {
      options: { secret: 'url', ...options },
      secret,
      fetch,
      authorize: () => Promise.reject(new Error('none')),
      policy: { allowPrivateTargets: true },
      signal: new AbortController().signal,
      now: Date.now,
    };
    const session = await postgres.open?.(base);
    if (session === undefined) throw new Error('there is no session');
    try {
      return await postgres.pull(position, {
        ...base,
        session,
        phase: 'incremental',
        partition,
        limit: { records: 100, bytes: 1e7 },
      });
    } finally {
      await postgres.close?.(session);
    }
  }

  it('does not pass over a row that is committed after a later one', async () => {
    const table = await createTable('id serial PRIMARY KEY');
    const slow = new Client({ connectionString: url });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(`INSERT INTO ${table} DEFAULT VALUES`);
      await database.query(`INSERT INTO ${table} DEFAULT VALUES`);
      const early = await pull({ table, column: 'id' });
      expect(early.records).toEqual([]);
      await slow.query('COMMIT');
      const late = await pull({ table, column: 'id' }, early.position);
      expect(late.records.map(({ subject }) => subject)).toEqual(['1', '2']);
    } finally {
      await slow.end();
    }
  });

  it('does not pass over a row of a transaction that had written nothing when a later one was seen', async () => {
    const table = await createTable('id serial PRIMARY KEY, changed timestamptz DEFAULT now()');
    const options = { table, column: 'changed', key: 'id' };
    const slow = new Client({ connectionString: url });
    await slow.connect();
    try {
      // Its `now()` is taken; it has no number among the transactions before it writes.
      await slow.query('BEGIN');
      await slow.query('SELECT now()');
      await database.query(`INSERT INTO ${table} DEFAULT VALUES`);
      const early = await pull(options);
      expect(early).toMatchObject({
        records: [],
        done: true,
        warning: expect.stringMatching(/transactions?.*open/) as string,
      });
      await slow.query(`INSERT INTO ${table} DEFAULT VALUES`);
      await slow.query('COMMIT');
      const late = await pull(options, early.position);
      expect(late.records.map(({ subject }) => subject)).toEqual(['2', '1']);
    } finally {
      await slow.end();
    }
  });

  it('says how many rows wait', async () => {
    const table = await createTable('id int PRIMARY KEY');
    await database.query(`INSERT INTO ${table} SELECT generate_series(1, 150)`);
    const first = await pull({ table, column: 'id' });
    expect(first).toMatchObject({ done: false, lag: { records: 50 } });
    expect(await pull({ table, column: 'id' }, first.position)).toMatchObject({ lag: { records: 0 } });
  });

  it('gives every value as the database has it', async () => {
    const table = await createTable(
      'id bigint PRIMARY KEY, sum numeric, at timestamptz, tags text[], more jsonb, name text',
    );
    await database.query(
      `INSERT INTO ${table} VALUES (9007199254740993, 12345678901234567890.12, '2026-01-02 03:04:05.678901+02',
       '{a,"b c"}', '{"x": 1e2}', E'line\\nbreak "quoted" é')`,
    );
    const { records } = await pull({ table, column: 'id' });
    expect(records[0]?.dataJson).toContain('9007199254740993');
    expect(records[0]?.dataJson).toContain('12345678901234567890.12');
    expect(JSON.parse(records[0]?.dataJson ?? '')).toMatchObject({
      at: '2026-01-02T01:04:05.678901+00:00',
      tags: ['a', 'b c'],
      name: 'line\nbreak "quoted" é',
    });
  });

  it('goes on by a time of change, also where many rows have the same', async () => {
    const table = await createTable('id int PRIMARY KEY, changed timestamptz');
    await database.query(`INSERT INTO ${table} SELECT n, '2026-01-01' FROM generate_series(1, 250) n`);
    const seen: unknown[] = [];
    let position: Position | undefined;
    for (let pulls = 0; pulls < 5; pulls += 1) {
      const pulled = await pull({ table, column: 'changed', key: 'id', columns: ['id'] }, position);
      seen.push(...pulled.records.map(({ dataJson = '' }) => (JSON.parse(dataJson) as { id: number }).id));
      position = JSON.parse(JSON.stringify(pulled.position)) as Position;
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    await database.query(`UPDATE ${table} SET changed = '2026-02-01' WHERE id = 7`);
    const changed = await pull({ table, column: 'changed', key: 'id' }, position);
    expect(changed.records.map(({ subject }) => subject)).toEqual(['7']);
  });

  it('is divided without a row missing or twice', async () => {
    const table = await createTable('id int PRIMARY KEY');
    await database.query(`INSERT INTO ${table} SELECT generate_series(1, 90)`);
    const parts = await Promise.all(
      [0, 1, 2].map((index) => pull({ table, column: 'id' }, undefined, { index, count: 3 })),
    );
    const subjects = parts.flatMap(({ records }) => records.map(({ subject }) => Number(subject)));
    expect(subjects.sort((one, other) => one - other)).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    for (const { records } of parts) expect(records.length).toBeGreaterThan(10);
  });

  it('cannot be made to run what a name holds', async () => {
    await expect(pull({ table: 'x"; DROP SCHEMA pulled; --', column: 'id' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('does not exist'),
    });
    await expect(pull({ table: 'pg_class', column: 'nope' })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('does not show the password when it cannot connect', async () => {
    const base = {
      options: { secret: 'url', table: 't', column: 'id' },
      secret: async () => 'postgres://me:hunter2@127.0.0.1:1/none',
      fetch,
      authorize: () => Promise.reject(new Error('none')),
      policy: { allowPrivateTargets: true },
      signal: new AbortController().signal,
      now: Date.now,
    };
    const failure = await postgres.open?.(base).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failure?.message).toContain('Postgres: ');
    expect(JSON.stringify([failure?.message, String(failure?.cause)])).not.toContain('hunter2');
  });
});
