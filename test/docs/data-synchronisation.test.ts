import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { expect, it, vi } from 'vitest';
import { admin, adminKey, startNode } from '../adapters/node/main.ts';
import { temporaryFolder } from '../cli/tulle.ts';
import { readBlocks, root } from './markdown.ts';

const path = 'docs/data-synchronisation.md';
const postgresUrl = process.env['TULLE_TEST_POSTGRES_URL'] ?? '';
if (postgresUrl === '') console.log(`${path}: not run, TULLE_TEST_POSTGRES_URL names no server (npm run services).`);

vi.setConfig({ testTimeout: 120_000 });

const run = promisify(execFile);

it.skipIf(postgresUrl === '')(`${path} does what it says`, async () => {
  const databases = { shop: `shop_${process.pid}`, finance: `finance_${process.pid}` };
  const urlOf = (database: string): string => Object.assign(new URL(postgresUrl), { pathname: `/${database}` }).href;
  const server = new Client({ connectionString: postgresUrl });
  await server.connect();
  for (const name of Object.values(databases)) await server.query(`CREATE DATABASE ${name}`);
  const folder = await temporaryFolder();
  const node = await startNode({
    TULLE_SECRET_SHOP: urlOf(databases.shop),
    TULLE_SECRET_FINANCE: urlOf(databases.finance),
    TULLE_DATA: folder,
  });
  try {
    await admin(node.url, 'PUT', '/v1/admin/buses/default', {});
    const printed: string[] = [];
    for (const { language, note, text } of readBlocks(path)) {
      if (language === 'sql') await execute(urlOf(note === 'shop' ? databases.shop : databases.finance), text);
      else printed.push(await shell(text, node.url));
    }
    expect(printed.join('\n')).toContain('1 of the target: the same');
  } finally {
    await node.stop('SIGKILL');
    for (const name of Object.values(databases)) await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.end();
    await rm(folder, { recursive: true, force: true });
  }
});

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function shell(text: string, url: string): Promise<string> {
  const quietCurl = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }';
  const env = { ...process.env, TULLE_URL: url, TULLE_ADMIN_KEY: adminKey };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', `${quietCurl}\n${text}`], { env, cwd: root });
  return stdout;
}
