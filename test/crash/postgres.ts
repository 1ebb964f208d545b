import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { admin, adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { findPostgres, startPostgres } from '../services/postgres.ts';
import { startLoad } from './load.ts';

/**
 * Three Node processes on one Postgres, under load: kills one of them with SIGKILL again and again, then breaks the
 * database off as a power failure would, and counts what was answered 202 and never reached the target.
 * `npm run test:crash:postgres [-- --kills 20 --restarts 5]`; the last line is `N passed, N failed`.
 */
const kills = Number(argument('--kills') ?? 20);
const restarts = Number(argument('--restarts') ?? 5);
const clients = 12;

const bin = findPostgres();
if (bin === undefined) console.log('Postgres is not installed: its crash test is skipped.');
else process.exitCode = (await crash(bin)) ? 0 : 1;

async function crash(programs: string): Promise<boolean> {
  const server = await startPostgres(programs);
  const arrivals = new Map<string, number>();
  const target = createServer((request, response) => {
    const id = String(request.headers['ce-id']);
    request.resume().on('end', () => {
      const count = (arrivals.get(id) ?? 0) + 1;
      arrivals.set(id, count);
      // So that there are retries as well.
      response.writeHead(count < expectedArrivals(id) ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  const start = (): Promise<RunningNode> => startNode({ TULLE_POSTGRES_URL: server.url });
  const nodes = [await start(), await start(), await start()];
  let next = 0;

  async function publish(ids: readonly string[]): Promise<boolean> {
    const events = ids.map((id) => ({ specversion: '1.0', id, source: '/crash', type: 'crash.test', data: { id } }));
    const response = await fetch(`${nodes[next++ % nodes.length]?.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(20_000),
    });
    await response.arrayBuffer();
    if (response.status === 503) await pause(100);
    return response.status === 202;
  }

  try {
    await admin(nodes[0]?.url ?? '', 'PUT', '/v1/admin/buses/default', {});
    await admin(nodes[0]?.url ?? '', 'PUT', '/v1/admin/buses/default/rules/all', {
      filter: { pattern: { source: ['/crash'] } },
      targets: [{ name: 'counter', http: { url: targetUrl } }],
    });
    const load = startLoad(clients, publish, 50);
    await load.takesAgain(50);
    for (let kill = 0; kill < kills; kill++) {
      await load.takesAgain(30);
      await pause(100 + Math.random() * 300);
      const place = kill % nodes.length;
      await nodes[place]?.stop('SIGKILL');
      nodes[place] = await start();
    }
    for (let restart = 0; restart < restarts; restart++) {
      await load.takesAgain(30);
      await server.restart('immediate');
    }
    await load.takesAgain(30);
    await load.stop();
    const missing = await settle(load.acknowledged, arrivals);
    const again = [...arrivals].filter(([id, count]) => count > expectedArrivals(id)).length;
    const alive = nodes.filter((node) => node.process.exitCode === null).length;
    const { acknowledged, unanswered } = load;
    console.log(
      JSON.stringify({
        kills,
        restarts,
        acknowledged: acknowledged.length,
        unanswered,
        lost: missing.length,
        duplicates: again,
        alive,
      }),
    );
    if (missing.length > 0) console.log(`lost: ${missing.slice(0, 20).join(' ')}`);
    const books = (await admin(nodes[0]?.url ?? '', 'GET', '/v1/buses/default/books')) as Record<string, unknown>;
    const { planned, delivered, pending, balanced } = books;
    console.log(JSON.stringify({ planned, delivered, pending, balanced }));
    const passed = missing.length === 0 && alive === nodes.length && books['balanced'] === true;
    console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return passed;
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    target.closeAllConnections();
    target.close();
    server.stop();
  }
}

/** Waits until everything acknowledged is there, or nothing has come for 30 s. */
async function settle(acknowledged: readonly string[], arrivals: ReadonlyMap<string, number>): Promise<string[]> {
  const isDone = (id: string): boolean => (arrivals.get(id) ?? 0) >= expectedArrivals(id);
  let seen = 0;
  for (let quiet = 0; quiet < 300 && !acknowledged.every(isDone); quiet++) {
    await pause(100);
    const now = [...arrivals.values()].reduce((sum, count) => sum + count, 0);
    if (now > seen) quiet = 0;
    seen = now;
  }
  return acknowledged.filter((id) => !isDone(id));
}

/** Some events are taken the second time only. */
function expectedArrivals(id: string): number {
  return id.endsWith('7') ? 2 : 1;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function argument(name: string): string | undefined {
  const place = process.argv.indexOf(name);
  return place < 0 ? undefined : process.argv[place + 1];
}
