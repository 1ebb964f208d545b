import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { admin, adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { findPostgres, startPostgres } from '../services/postgres.ts';
import {
  changeOrder,
  changeUser,
  expectedUsers,
  financeTables,
  foundUsers,
  readOrders,
  shopTables,
  usersTables,
} from './sync-tables.ts';
import { numberOption, settles } from './wait.ts';

/**
 * Data synchronisation: two databases change at random, a rule filters and masks what was pulled, a third database gets
 * it, and the mesh is killed under way. At the end the third has what it has to have, and `verify` says so. `npm run
 * test:sync [-- --changes 10000 --kills 10]`; the last line is `N passed, N failed`.
 */
const changes = numberOption('--changes', 10_000);
const kills = numberOption('--kills', 10);

const bin = findPostgres();
if (bin === undefined) console.log('Postgres is not installed: the synchronisation is not tested.');
else process.exitCode = (await synchronise(bin)) ? 0 : 1;

async function synchronise(programs: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-sync-'));
  const server = await startPostgres(programs);
  const urlOf = (database: string): string => Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  const open = async (url: string): Promise<Client> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    return client;
  };
  const start = (): Promise<RunningNode> =>
    startNode({
      TULLE_DATA: folder,
      TULLE_SECRET_USERS: urlOf('users'),
      TULLE_SECRET_SHOP: urlOf('shop'),
      TULLE_SECRET_FINANCE: urlOf('finance'),
    });
  let node = await start();
  try {
    const root = await open(server.url);
    for (const name of ['users', 'shop', 'finance']) await root.query(`CREATE DATABASE ${name}`);
    await root.end();
    const [users, shop, finance] = await Promise.all([
      open(urlOf('users')),
      open(urlOf('shop')),
      open(urlOf('finance')),
    ]);
    await users.query(usersTables);
    await shop.query(shopTables);
    await finance.query(financeTables);
    await configure(node.url);

    let done = 0;
    const changing = (async () => {
      for (; done < changes; done += 1) {
        if (done % 2 === 0) await changeUser(users);
        else await changeOrder(shop);
      }
    })();
    for (let kill = 0; kill < kills; kill += 1) {
      const at = ((kill + 1) * changes) / (kills + 1);
      await settles(
        () => done >= at,
        () => done,
      );
      await pause(Math.random() * 400);
      await node.stop('SIGKILL');
      node = await start();
    }
    await changing;
    const expected = [await expectedUsers(users), await readOrders(shop)];
    let found: readonly string[][] = [];
    const look = async (): Promise<boolean> => {
      found = [await foundUsers(finance), await readOrders(finance)];
      return JSON.stringify(found) === JSON.stringify(expected);
    };
    const consistent = await settles(look, () => JSON.stringify(found).length);
    const differences = expected.map((rows, index) => differencesOf(rows, found[index] ?? []));
    console.log(
      JSON.stringify({ changes, kills, users: expected[0]?.length, orders: expected[1]?.length, differences }),
    );
    if (!consistent) console.log(node.said());
    const verified = consistent && (await findsDamage(node.url, finance));
    await Promise.all([users.end(), shop.end(), finance.end()]);
    const passed = consistent && verified;
    console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return passed;
  } finally {
    await node.stop('SIGKILL');
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `verify` says that both ends are the same; and when the target has been changed by somebody else, where it was. */
async function findsDamage(url: string, finance: Client): Promise<boolean> {
  const [customers, orders] = await Promise.all([verify(url, 'customers'), verify(url, 'orders')]);
  const row = (table: string): string => `(SELECT id FROM ${table} ORDER BY random() LIMIT 1)`;
  await finance.query(`UPDATE customers SET phone = 'x' WHERE id = ${row('customers')}`);
  await finance.query(`DELETE FROM orders WHERE id = ${row('orders')}`);
  await finance.query("INSERT INTO orders VALUES (1000001, 1, 'of nobody')");
  const damaged = [await verify(url, 'customers'), await verify(url, 'orders')];
  console.log(JSON.stringify({ verified: [customers, orders], damaged }));
  const kinds = damaged.map(({ differences }) => differences.map(({ kind }) => kind).toSorted());
  return (
    customers.code === 0 &&
    orders.code === 0 &&
    damaged.every(({ code }) => code === 2) &&
    JSON.stringify(kinds) === JSON.stringify([['different'], ['extra', 'missing']])
  );
}

async function verify(url: string, name: string): Promise<Verified> {
  const words = ['connectors', 'verify', name, '--target', `${name}/finance`, '--wait', '3', '--json'];
  const child = spawn(process.execPath, ['cli/main.ts', ...words], {
    env: Object.assign({}, process.env, { TULLE_URL: url, TULLE_ADMIN_KEY: adminKey }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const { source = 0, differences = [] } = said === '' ? {} : (JSON.parse(said) as Partial<Verified>);
  return { code, source, differences };
}

interface Verified {
  readonly code: number;
  readonly source: number;
  readonly differences: readonly { readonly key: string; readonly kind: string }[];
}

async function configure(url: string): Promise<void> {
  const put = (path: string, body: object): Promise<unknown> =>
    admin(url, 'PUT', `/v1/admin/buses/default${path}`, body);
  await put('', {});
  await put('/rules/customers', {
    filter: { pattern: { source: ['/users'], data: { country: [{ 'anything-but': ['test'] }] } } },
    steps: [{ redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } }],
    targets: [
      { name: 'finance', postgres: { secret: 'finance', table: 'customers', key: ['id'], version: 'changed' } },
    ],
  });
  await put('/rules/orders', {
    filter: { pattern: { source: ['/shop'] } },
    targets: [
      {
        name: 'finance',
        ordering: 'partitionkey',
        postgres: {
          secret: 'finance',
          table: 'orders',
          key: ['id'],
          columns: { id: 'data.order', total: 'data.total', note: 'data.note' },
          delete: "data.kind = 'delete'",
        },
      },
    ],
  });
  await put('/connectors/customers', {
    source: { postgres: { secret: 'users', table: 'customers', column: 'changed', key: 'id' } },
    schedule: { every: '1s' },
    event: { source: '/users', type: 'customer.changed' },
  });
  await put('/connectors/orders', {
    source: { postgres: { secret: 'shop', table: 'outbox', column: 'number', partitionkey: 'order' } },
    schedule: { every: '1s' },
    event: { source: '/shop', type: 'order.changed' },
  });
}

function differencesOf(expected: readonly string[], found: readonly string[]): object {
  const [one, other] = [new Set(expected), new Set(found)];
  const missing = expected.filter((line) => !other.has(line));
  const extra = found.filter((line) => !one.has(line));
  return { missing: missing.length, extra: extra.length, example: [missing[0], extra[0]] };
}
