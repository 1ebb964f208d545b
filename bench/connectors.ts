import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startProcess } from '../adapters/node/process.ts';
import { findPostgres, startPostgres } from '../test/services/postgres.ts';
import { createNodeSql } from '../adapters/node/sql.ts';

/**
 * How fast a connector pulls a Postgres table on loopback into the mesh on Node, 1 KB rows, until all of them are on disk
 * and matched by a rule whose target is paused. The floor: the driver reads the same rows by the same keyset, and appends
 * them to a table of SQLite, one transaction a page. `npm run bench:connectors -- --json`; ROWS changes its length.
 */
const rows = Number(process.env['ROWS'] ?? 100_000);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const page = 2_000;
const adminKey = 'operator-key-of-the-connector-bench';

const bin = findPostgres();
if (bin === undefined) throw new Error('Postgres is not installed');
const server = await startPostgres(bin);
const folder = mkdtempSync(join(tmpdir(), 'tulle-bench-'));
process.once('exit', () => {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});
await fill();

const results: { floor: number; connector: number; ratio: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const floor = await runFloor(round);
  const connector = await runConnector(round);
  results.push({ floor, connector, ratio: connector / floor });
}
const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
const report = {
  rows,
  floorRowsASecond: Math.round(median(results.map(({ floor }) => floor))),
  rowsASecond: Math.round(median(results.map(({ connector }) => connector))),
  ratio: Number(median(results.map(({ ratio }) => ratio)).toFixed(2)),
};
if (process.argv.includes('--json')) console.log(JSON.stringify({ ...report, results }, null, 2));
else console.table(report);
process.exit();

async function fill(): Promise<void> {
  const database = new Client({ connectionString: server.url });
  await database.connect();
  await database.query('CREATE TABLE orders (id serial PRIMARY KEY, kind text, body text)');
  await database.query(
    `INSERT INTO orders (kind, body) SELECT 'order', repeat('x', 960) FROM generate_series(1, ${rows})`,
  );
  await database.query('ANALYZE orders');
  await database.end();
}

async function runFloor(round: number): Promise<number> {
  const sql = createNodeSql(join(folder, `floor-${round}.sqlite`));
  sql.run('CREATE TABLE pages (number INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  const database = new Client({ connectionString: server.url });
  await database.connect();
  const start = performance.now();
  let after = 0;
  let read = 0;
  for (;;) {
    const { rows: found } = await database.query<{ id: number; data: string }>(
      'SELECT id, to_jsonb(t)::text AS data FROM orders t WHERE id > $1 ORDER BY id LIMIT $2',
      [after, page],
    );
    if (found.length === 0) break;
    sql.run('INSERT INTO pages VALUES (?, ?)', after, found.map(({ data }) => data).join('\n'));
    after = found.at(-1)?.id ?? after;
    read += found.length;
  }
  const seconds = (performance.now() - start) / 1000;
  await database.end();
  await sql.close();
  if (read !== rows) throw new Error(`the floor read ${read} rows`);
  return rows / seconds;
}

async function runConnector(round: number): Promise<number> {
  const node = await startProcess({
    settings: {
      adminKey,
      host: '127.0.0.1',
      port: 0,
      dataFolder: join(folder, `mesh-${round}`),
      secretsFolder: undefined,
      allowPrivateTargets: true,
      connectorTasks: 10,
      shutdownMs: 1_000,
    },
    functions: [],
    env: { TULLE_SECRET_SHOP: server.url },
    onFailure(error) {
      throw error;
    },
  });
  const admin = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${node.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  await admin('PUT', '/v1/admin/buses/default', {});
  await admin('PUT', '/v1/admin/buses/default/rules/all', {
    filter: { pattern: { source: ['/shop'], data: { kind: ['order'] } } },
    targets: [{ name: 'later', http: { url: 'http://127.0.0.1:9999/' }, paused: true }],
  });
  await admin('PUT', '/v1/admin/buses/default/connectors/orders', {
    source: { postgres: { secret: 'shop', table: 'orders', column: 'id' } },
    schedule: { every: '1h' },
    event: { source: '/shop' },
    batchSize: page,
  });
  const tasks = '/v1/admin/buses/default/connectors/orders/tasks';
  let start = 0;
  let stored = 0;
  // From the first page on: until then it waits for a heartbeat.
  let before = 0;
  while (stored < rows) {
    const { items } = (await admin('GET', tasks)) as { items: { totals: { records: number } }[] };
    stored = items[0]?.totals.records ?? 0;
    if (start === 0 && stored > 0) {
      start = performance.now();
      before = stored;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const seconds = (performance.now() - start) / 1000;
  const { planned } = (await admin('GET', '/v1/buses/default/books')) as { planned: number };
  if (planned !== rows) throw new Error(`${planned} deliveries of ${rows} rows were planned`);
  await node.stop();
  return (rows - before) / seconds;
}
