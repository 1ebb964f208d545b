import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const postgresUrl = process.env['TULLE_TEST_POSTGRES_URL'] ?? '';
if (postgresUrl === '')
  console.log('Postgres pulled in workerd: skipped, TULLE_TEST_POSTGRES_URL names no server (npm run test:postgres).');

const folder = mkdtempSync(join(tmpdir(), 'tulle-connectors-'));
const quiet = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false', CI: '1' };
const adminKey = 'admin-key-of-the-test-suite';

describe('the Worker of connectors', () => {
  let output = '';
  beforeAll(() => {
    const parameters = ['deploy', '--dry-run', '-c', 'wrangler.connectors.toml', '--outdir', folder];
    output = execFileSync('npx', ['wrangler', ...parameters], { encoding: 'utf8', env: quiet });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('builds from the root, with every binding it needs', () => {
    for (const binding of ['LOG', 'SNAPSHOTS', 'DOCUMENTS', 'QUEUE', 'BODIES', 'TULLE_ALLOW_PRIVATE_TARGETS']) {
      expect(output).toContain(`env.${binding}`);
    }
  });

  it('takes at most 200 kB, compressed', () => {
    const bytes = gzipSync(readFileSync(join(folder, 'connectors-worker.js')), { level: 9 }).length;
    console.log(`Worker of connectors: ${bytes} bytes, minified and compressed`);
    expect(bytes).toBeLessThanOrEqual(200_000);
  });

  describe.skipIf(postgresUrl === '')('beside the mesh and a Postgres server', { timeout: 120_000 }, () => {
    const table = `public.pulled_${process.pid}`;
    const arrived = new Set<string>();
    const target = createServer((request, response) => {
      arrived.add(String(request.headers['ce-subject']));
      request.resume().on('end', () => response.writeHead(204).end());
    });
    let database: Client;
    let miniflare: Miniflare;

    beforeAll(async () => {
      database = new Client({ connectionString: postgresUrl });
      await database.connect();
      await database.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, name text)`);
      await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
      await build({
        entryPoints: ['adapters/cloudflare/worker.ts'],
        outfile: join(folder, 'mesh.js'),
        bundle: true,
        format: 'esm',
        target: 'es2024',
        external: ['cloudflare:*'],
        conditions: ['workerd', 'worker', 'browser'],
      });
      miniflare = new Miniflare(createOptions());
      await miniflare.ready;
    }, 120_000);
    afterAll(async () => {
      await miniflare.dispose();
      target.close();
      await database.query(`DROP TABLE ${table}`);
      await database.end();
    });

    function createOptions(): ConstructorParameters<typeof Miniflare>[0] {
      const shared = {
        compatibilityDate: '2026-11-01',
        kvNamespaces: { SNAPSHOTS: 'snapshots' },
        d1Databases: { DOCUMENTS: 'documents' },
      };
      const bindings = { TULLE_ALLOW_PRIVATE_TARGETS: 'true', TULLE_ADMIN_KEY: adminKey };
      const options = convertV4MiniflareOptions({
        workers: [
          {
            ...shared,
            name: 'tulle',
            modules: [{ type: 'ESModule', path: join(folder, 'mesh.js') }],
            modulesRoot: folder,
            durableObjects: { LOG: { className: 'Log', useSQLite: true } },
            bindings,
          },
          {
            ...shared,
            name: 'tulle-connectors',
            modules: [{ type: 'ESModule', path: join(folder, 'connectors-worker.js') }],
            modulesRoot: folder,
            compatibilityFlags: ['nodejs_compat'],
            durableObjects: { LOG: { className: 'Log', scriptName: 'tulle', useSQLite: true } },
            bindings: { ...bindings, TULLE_SECRET_SHOP_DATABASE: postgresUrl },
          },
        ],
      });
      return { ...options, telemetry: { enabled: false } };
    }

    async function send(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
      const response = await miniflare.dispatchFetch(`http://mesh.test/v1/admin/buses${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.text() };
    }

    async function run(name: string): Promise<void> {
      const worker = await miniflare.getWorker(name);
      await worker.scheduled({ cron: '* * * * *', scheduledTime: new Date() });
    }

    async function insert(count: number): Promise<void> {
      await database.query(`INSERT INTO ${table} (name) SELECT 'n' FROM generate_series(1, ${count})`);
    }

    it('brings the rows of a table to the bus, and goes on where it was, also after its connection was cut', async () => {
      await send('PUT', '/shop', {});
      const { port } = target.address() as AddressInfo;
      await send('PUT', '/shop/rules/all', {
        filter: { pattern: { type: [{ prefix: 'tulle.' }] } },
        targets: [{ name: 'all', http: { url: `http://127.0.0.1:${port}/` } }],
      });
      await insert(30);
      const put = await send('PUT', '/shop/connectors/orders', {
        source: { postgres: { secret: 'shop-database', table, column: 'id' } },
        schedule: { every: '1s' },
        batchSize: 10,
      });
      expect(put, put.body).toMatchObject({ status: 201 });
      // The mesh's own Worker has no driver: it must not take the task.
      await run('tulle');
      expect((await send('GET', '/shop/connectors/orders/tasks')).body).toContain('"state":"created"');
      await run('tulle-connectors');
      await expect.poll(() => arrived.size, { timeout: 30_000 }).toBe(30);

      await insert(2_000);
      const cut = async (): Promise<void> => {
        for (let times = 0; times < 5; times += 1) {
          await database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tulle'",
          );
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      await Promise.all([run('tulle-connectors'), cut()]);
      await expect
        .poll(
          async () => {
            await run('tulle-connectors');
            return arrived.size;
          },
          { timeout: 90_000, interval: 1_000 },
        )
        .toBe(2_030);
    });
  });
});
