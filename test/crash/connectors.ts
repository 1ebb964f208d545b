import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { admin, type RunningNode, startNode } from '../adapters/node/main.ts';
import { findPostgres, startPostgres } from '../services/postgres.ts';
import { startTarget } from './target.ts';
import { numberOption, settles } from './wait.ts';

/**
 * Kills the Node process again and again while a connector pulls a Postgres table, and looks whether every row arrives:
 * more than once at most those of the pulls that a kill interrupted. `npm run test:crash:connectors [-- --rows 100000
 * --kills 20]`; the last line is `N passed, N failed`.
 */
const rows = numberOption('--rows', 100_000);
const kills = numberOption('--kills', 20);
const batchSize = 500;

const bin = findPostgres();
if (bin === undefined) console.log('Postgres is not installed: the crash test of connectors is skipped.');
else process.exitCode = (await crash(bin)) ? 0 : 1;

async function crash(programs: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-connectors-'));
  const server = await startPostgres(programs);
  const arrivals = new Map<string, number>();
  const target = await startTarget((id) => {
    arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
    return 204;
  });
  const start = (): Promise<RunningNode> => startNode({ TULLE_DATA: folder, TULLE_SECRET_SHOP: server.url });
  let node = await start();
  try {
    const database = new Client({ connectionString: server.url });
    await database.connect();
    await database.query('CREATE TABLE orders (id serial PRIMARY KEY, body text)');
    await database.query(`INSERT INTO orders (body) SELECT repeat('x', 900) FROM generate_series(1, ${rows})`);
    await database.end();
    await admin(node.url, 'PUT', '/v1/admin/buses/default', {});
    await admin(node.url, 'PUT', '/v1/admin/buses/default/rules/all', {
      filter: { pattern: { source: ['/shop'] } },
      targets: [{ name: 'counter', http: { url: target.url, content: 'binary' } }],
    });
    await admin(node.url, 'PUT', '/v1/admin/buses/default/connectors/orders', {
      source: { postgres: { secret: 'shop', table: 'orders', column: 'id' } },
      schedule: { every: '1s' },
      event: { source: '/shop' },
      batchSize,
    });
    for (let kill = 0; kill < kills; kill += 1) {
      const before = arrivals.size;
      await settles(
        () => arrivals.size > before || arrivals.size === rows,
        () => arrivals.size,
      );
      await pause(100 + Math.random() * 400);
      await node.stop('SIGKILL');
      node = await start();
    }
    await settles(
      () => arrivals.size === rows,
      () => arrivals.size,
    );
    const missing = rows - arrivals.size;
    const { items } = (await admin(node.url, 'GET', '/v1/admin/buses/default/connectors/orders/tasks')) as {
      items: { totals: { records: number }; state: string; reason: string }[];
    };
    const stored = items[0]?.totals.records ?? 0;
    // Each pull that was done again has planned its deliveries twice; what the log handed out again was planned once.
    const { planned } = (await admin(node.url, 'GET', '/v1/buses/default/books')) as { planned: number };
    const again = planned - rows;
    const mayBeAgain = kills * batchSize;
    const passed = missing === 0 && stored === rows && again <= mayBeAgain;
    console.log(JSON.stringify({ rows, kills, missing, stored, again, mayBeAgain }));
    if (!passed) console.log(JSON.stringify(items), node.said());
    console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return passed;
  } finally {
    await node.stop('SIGKILL');
    target.stop();
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
