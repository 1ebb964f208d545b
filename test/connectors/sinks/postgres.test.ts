import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createPostgresSink } from '../../../connectors/sinks/postgres.ts';
import type { TableSinkOptions } from '../../../connectors/tables/options.ts';
import { fromJson } from '../../../event/json-format.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { describeTableSink } from '../../conformance/table-sink.ts';
import { nodeContext } from './context.ts';

const url = process.env['TULLE_TEST_POSTGRES_URL'] ?? '';
if (url === '') {
  console.log('The sink postgres: skipped, TULLE_TEST_POSTGRES_URL names no server (npm run test:connectors).');
}

let tables = 0;

describe.skipIf(url === '')('with a Postgres server', () => {
  const schema = `written_${process.pid}`;
  let database: Client;
  beforeAll(async () => {
    database = new Client({ connectionString: url });
    await database.connect();
    await database.query(`CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await database.query(`DROP SCHEMA ${schema} CASCADE`);
    await database.end();
  });

  async function createTable(columns: string): Promise<string> {
    tables += 1;
    const table = `${schema}.t${tables}`;
    await database.query(`CREATE TABLE ${table} (${columns})`);
    return table;
  }

  const throughPort = (port: number): string => {
    const changed = new URL(url);
    changed.port = String(port);
    return changed.href;
  };

  describeSink('postgres', async () => {
    const table = await createTable('number int PRIMARY KEY, text text');
    return {
      sink: createPostgresSink() as Sink,
      port: Number(new URL(url).port),
      optionsFor: () => ({ secret: 'database', table, key: ['number'] }),
      secretsFor: (port) => ({ database: throughPort(port) }),
      idempotent: true,
      arrived: async () => (await database.query<Item>(`SELECT number, text FROM ${table} ORDER BY number`)).rows,
      broken: { number: 'none', text: 'x' },
      close: async () => void (await database.query(`DROP TABLE ${table}`)),
    };
  });

  describeTableSink('postgres', {
    createSink: createPostgresSink,
    secret: url,
    createTable,
    rowsOf: async (table, order) =>
      (await database.query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY ${order}`)).rows,
    run: async (sql) => void (await database.query(sql)),
  });

  it('gives every value back as the source reads it', async () => {
    const columns = `id bigint PRIMARY KEY, sum numeric, at timestamptz, tags text[], more jsonb, body bytea, day date, span interval, flag boolean, ratio float8`;
    const from = await createTable(columns);
    const to = await createTable(columns);
    await database.query(
      `INSERT INTO ${from} VALUES (9007199254740993, 12345678901234567890.1200, '2026-01-02 03:04:05.678901+02', '{a,"b c",NULL}',
       '{"x": 1.10, "y": null}', '\\xdeadbeef', '2026-02-28', '3 days 04:05:06.789', true, 'NaN'),
       (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1e300)`,
    );
    const { rows } = await database.query<{ json: string }>(`SELECT to_jsonb(t)::text AS json FROM ${from} t`);
    const sink = createPostgresSink();
    const options: TableSinkOptions = { secret: 'database', table: to, key: ['id'] };
    const deliveries = rows.map(({ json }, index) => ({
      event: fromJson(`{"specversion":"1.0","id":"${index}","source":"/s","type":"t","data":${json}}`),
      id: `msg_${index}`,
      attempt: 1,
    }));
    const results = await sink.deliver(
      deliveries,
      options,
      nodeContext({ secrets: { get: async () => url }, sockets: createSockets({ allowPrivateTargets: true }) }),
    );
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    const { rows: differences } = await database.query(
      `(TABLE ${from} EXCEPT TABLE ${to}) UNION ALL (TABLE ${to} EXCEPT TABLE ${from})`,
    );
    expect(differences).toEqual([]);
    await sink.close?.();
  });
});
