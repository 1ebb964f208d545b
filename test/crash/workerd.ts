import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBooks } from './books.ts';
import { startLoad } from './load.ts';

/**
 * Kills workerd with SIGKILL again and again while events are published, and counts: what was answered 202 and never
 * reached the target is lost. `npm run test:crash [-- --kills 20]`; the last line is `N passed, N failed`.
 */
const kills = Number(argument('--kills') ?? 20);
const clients = 16;
const port = 18_700 + (process.pid % 200);
const base = `http://127.0.0.1:${port}`;
const state = mkdtempSync(join(tmpdir(), 'tulle-crash-'));

const delivered = new Map<string, number>();
const target = createServer((request, response) => {
  const id = String(request.headers['ce-id']);
  request.resume().on('end', () => {
    delivered.set(id, (delivered.get(id) ?? 0) + 1);
    response.writeHead(204).end();
  });
});
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
const address = target.address();
const targetPort = typeof address === 'object' && address !== null ? address.port : 0;

const { child, key } = await startDev();
try {
  await prepare();
  const result = await killAgainAndAgain();
  const missing = await settle(result.acknowledged);
  const duplicates = [...delivered.values()].filter((count) => count > 1).length;
  const acknowledged = result.acknowledged.length;
  const wrongBooks = await checkBooks(readBooks, { acknowledged, unanswered: result.unanswered });
  const summary = {
    kills: result.kills,
    acknowledged,
    unanswered: result.unanswered,
    lost: missing.length,
    duplicates,
    booksBalance: wrongBooks === undefined,
  };
  console.log(JSON.stringify(summary));
  if (missing.length > 0) console.log(`lost: ${missing.slice(0, 20).join(' ')}`);
  if (wrongBooks !== undefined) console.log(`the books: ${wrongBooks}`);
  const isWhole = missing.length === 0 && wrongBooks === undefined;
  const passed = isWhole && result.kills === kills && acknowledged > kills * 10;
  console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = passed ? 0 : 1;
} finally {
  child.kill('SIGTERM');
  target.close();
  await new Promise((resolve) => child.once('exit', resolve));
  rmSync(state, { recursive: true, force: true });
}

async function startDev(): Promise<{ child: ChildProcess; key: string }> {
  const dev = spawn(process.execPath, ['cli/main.ts', 'dev', '--no-demo', '--port', String(port), '--state', state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const found = new Promise<string>((resolve, reject) => {
    dev.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const [, token] = /(?:Bearer|key:?)\s+([\w.-]{24,})/i.exec(output) ?? [];
      if (token !== undefined) resolve(token);
    });
    dev.once('exit', (code) => reject(new Error(`tulle dev ended with code ${code}: ${output}`)));
  });
  return { child: dev, key: await found };
}

async function prepare(): Promise<void> {
  await admin('PUT', '/v1/admin/buses/default', {});
  await admin('PUT', '/v1/admin/buses/default/rules/all', {
    filter: { pattern: { source: ['/crash'] } },
    targets: [{ name: 'counter', http: { url: `http://127.0.0.1:${targetPort}/` } }],
  });
}

async function admin(method: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

async function readBooks(): Promise<unknown> {
  const response = await fetch(`${base}/v1/buses/default/books`, { headers: { authorization: `Bearer ${key}` } });
  return response.json();
}

async function killAgainAndAgain(): Promise<{ acknowledged: readonly string[]; unanswered: number; kills: number }> {
  const load = startLoad(clients, publish, 20);
  let killed = 0;
  while (killed < kills) {
    await pause(600 + Math.random() * 800);
    await killWorkerd();
    killed++;
    await comeBack();
    await load.takesAgain(20);
  }
  await pause(500);
  await load.stop();
  return { acknowledged: load.acknowledged, unanswered: load.unanswered, kills: killed };
}

async function publish(ids: readonly string[]): Promise<boolean> {
  const events = ids.map((id) => ({ specversion: '1.0', id, source: '/crash', type: 'crash.test', data: { id } }));
  const batch = events.length > 1;
  const response = await fetch(`${base}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': batch ? 'application/cloudevents-batch+json' : 'application/cloudevents+json',
    },
    body: JSON.stringify(batch ? events : events[0]),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status === 202;
}

async function killWorkerd(): Promise<void> {
  const { stdout } = spawnSync('pgrep', ['-P', String(child.pid), '-f', 'workerd'], { encoding: 'utf8' });
  const pids = stdout.split('\n').filter((line) => line !== '');
  if (pids.length === 0) throw new Error('there is no workerd to kill');
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      // It ended by itself in between.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  // Until then, an answer may still be the old one's.
  while (pids.some((pid) => existsSync(`/proc/${pid}`))) await pause(5);
}

async function comeBack(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      if ((await fetch(`${base}/healthz`, { signal: AbortSignal.timeout(1_000) })).ok) return;
    } catch {
      // Not up yet.
    }
    await pause(50);
  }
  throw new Error('workerd did not come back within 15 s');
}

/** Waits until everything acknowledged is there, or nothing has come for 30 s. */
async function settle(acknowledged: readonly string[]): Promise<string[]> {
  let seen = delivered.size;
  for (let quiet = 0; quiet < 300; quiet++) {
    if (acknowledged.every((id) => delivered.has(id))) break;
    await pause(100);
    if (delivered.size > seen) {
      seen = delivered.size;
      quiet = 0;
    }
  }
  return acknowledged.filter((id) => !delivered.has(id));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function argument(name: string): string | undefined {
  const place = process.argv.indexOf(name);
  return place < 0 ? undefined : process.argv[place + 1];
}
