import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createMysqlSink } from '../../../connectors/sinks/mysql.ts';
import { fromJson } from '../../../event/json-format.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { describeTableSink } from '../../conformance/table-sink.ts';
import { nodeContext } from './context.ts';

const url = process.env['TULLE_TEST_MYSQL_URL'] ?? '';
if (url === '') {
  console.log('The sink mysql: skipped, TULLE_TEST_MYSQL_URL names no server (npm run test:connectors).');
}

let tables = 0;

describe.skipIf(url === '')('with a MySQL server', () => {
  const schema = `written_${process.pid}`;
  let database: Connection;
  beforeAll(async () => {
    database = await createConnection({ uri: url, supportBigNumbers: true, bigNumberStrings: true, dateStrings: true });
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

  async function rowsOf(table: string, order: string): Promise<readonly Record<string, unknown>[]> {
    const [rows] = await database.query<RowDataPacket[]>(`SELECT * FROM ${table} ORDER BY ${order}`);
    return rows.map((row) => ({ ...row }));
  }

  const through = (changes: { readonly port?: number; readonly password?: string }): string =>
    Object.assign(new URL(url), { ...changes, ...(changes.port ? { port: String(changes.port) } : {}) }).href;

  describeSink('mysql', async () => {
    const table = await createTable('number int PRIMARY KEY, text longtext');
    return {
      sink: createMysqlSink() as Sink,
      port: Number(new URL(url).port),
      optionsFor: () => ({ secret: 'database', table, key: ['number'] }),
      secretsFor: (port) => ({ database: through({ port }) }),
      wrongSecretsFor: (port, password) => ({ database: through({ port, password }) }),
      idempotent: true,
      arrived: async () => (await rowsOf(table, 'number')) as unknown as readonly Item[],
      broken: { number: 'none', text: 'x' },
      close: async () => void (await database.query(`DROP TABLE ${table}`)),
    };
  });

  describeTableSink('mysql', {
    createSink: createMysqlSink,
    secret: url,
    createTable,
    rowsOf,
    run: async (sql) => void (await database.query(sql)),
  });

  async function send(table: string, key: readonly string[], data: string): Promise<AttemptResult | undefined> {
    const sink = createMysqlSink();
    try {
      const event = fromJson(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`);
      const secrets = { get: () => Promise.resolve(url) };
      const context = nodeContext({ secrets, sockets: createSockets({ allowPrivateTargets: true }) });
      const deliveries = [{ event, id: 'msg_1', attempt: 1 }];
      return (await sink.deliver(deliveries, { secret: 'database', table, key }, context))[0];
    } finally {
      await sink.close?.();
    }
  }

  it('writes times, bytes, JSON and large numbers as the columns have them', async () => {
    const table = await createTable(
      'id bigint unsigned PRIMARY KEY, at datetime(6), stamp timestamp(3) NULL, day date, body blob, more json, flag tinyint(1), ratio double, choice enum("a","b")',
    );
    const body = Buffer.from([0, 255, 39, 92]).toString('base64');
    const result = await send(
      table,
      ['id'],
      `{"id":18446744073709551615,"at":"2026-01-02T03:04:05.678901+02:00","stamp":"2026-01-02T03:04:05.678Z","day":"2026-02-28",
        "body":"${body}","more":{"x":1.10,"y":["ü"]},"flag":true,"ratio":1e300,"choice":"b"}`,
    );
    expect(result).toMatchObject({ ok: true });
    const [row] = await rowsOf(table, 'id');
    expect(row).toMatchObject({
      id: '18446744073709551615',
      at: '2026-01-02 01:04:05.678901',
      stamp: '2026-01-02 03:04:05.678',
      day: '2026-02-28',
      body: Buffer.from([0, 255, 39, 92]),
      flag: 1,
      ratio: 1e300,
      choice: 'b',
    });
    expect(JSON.stringify(row?.['more'])).toContain('1.1');
    // Nothing is cut to what fits.
    expect(await send(table, ['id'], '{"id":1,"choice":"c"}')).toMatchObject({ ok: false, code: 422 });
    expect(await send(table, ['id'], '{"id":-1}')).toMatchObject({ ok: false, code: 422 });
    expect(await send(table, ['id'], '{"id":2,"at":"yesterday"}')).toMatchObject({ ok: false, code: 422 });
  });

  it('does not change a row that is the same by another unique index', async () => {
    const table = await createTable('id int PRIMARY KEY, mail varchar(50) UNIQUE, name varchar(20)');
    expect(await send(table, ['id'], '{"id":1,"mail":"m","name":"one"}')).toMatchObject({ ok: true });
    expect(await send(table, ['id'], '{"id":1,"mail":"m","name":"uno"}')).toMatchObject({ ok: true });
    expect(await send(table, ['id'], '{"id":2,"mail":"m","name":"two"}')).toMatchObject({ ok: false, code: 422 });
    expect(await rowsOf(table, 'id')).toEqual([{ id: 1, mail: 'm', name: 'uno' }]);
  });
});
