import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admin, adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { checkBooks } from './books.ts';
import { startLoad } from './load.ts';

/**
 * Kills the Node process with SIGKILL again and again while events are published, and counts: what was answered 202
 * and never reached the target is lost; what reached it twice must have been out, or not settled yet, when the process
 * died. `npm run test:crash:node [-- --kills 20]`; the last line is `N passed, N failed`.
 */
const kills = Number(argument('--kills') ?? 20);
const clients = 16;
/** How long after its delivery an event may be repeated: a settlement waits 50 ms, on a busy machine longer. */
const crashWindowMs = 1_000;
const folder = mkdtempSync(join(tmpdir(), 'tulle-crash-'));

/** When each event arrived, and when the process was killed, in milliseconds. */
const arrivals = new Map<string, number[]>();
const killTimes: number[] = [];
const target = createServer((request, response) => {
  const id = String(request.headers['ce-id']);
  request.resume().on('end', () => {
    arrivals.set(id, [...(arrivals.get(id) ?? []), performance.now()]);
    // So that retries are on disk as well.
    const status = (arrivals.get(id)?.length ?? 0) < expectedArrivals(id) ? 503 : 204;
    response.writeHead(status).end();
  });
});
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;

let node: RunningNode = await startNode({ TULLE_DATA: folder });
try {
  await admin(node.url, 'PUT', '/v1/admin/buses/default', {});
  await admin(node.url, 'PUT', '/v1/admin/buses/default/rules/all', {
    filter: { pattern: { source: ['/crash'] } },
    targets: [{ name: 'counter', http: { url: targetUrl } }],
  });
  const { acknowledged, unanswered } = await killAgainAndAgain();
  const missing = await settle(acknowledged);
  const again = [...arrivals].filter(([id, times]) => times.length > expectedArrivals(id));
  const outside = again.filter(([id, times]) => !isOfCrash(id, times));
  const wrongBooks = await checkBooks(() => admin(node.url, 'GET', '/v1/buses/default/books'), {
    acknowledged: acknowledged.length,
    unanswered,
  });
  console.log(
    JSON.stringify({
      kills: killTimes.length,
      acknowledged: acknowledged.length,
      unanswered,
      lost: missing.length,
      duplicates: again.length,
      outsideTheCrashWindow: outside.length,
      booksBalance: wrongBooks === undefined,
    }),
  );
  if (missing.length > 0) console.log(`lost: ${missing.slice(0, 20).join(' ')}`);
  if (wrongBooks !== undefined) console.log(`the books: ${wrongBooks}`);
  const isWhole = missing.length === 0 && outside.length === 0 && wrongBooks === undefined;
  const passed = isWhole && acknowledged.length > kills * 10;
  console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = passed ? 0 : 1;
} finally {
  await node.stop('SIGKILL');
  target.closeAllConnections();
  target.close();
  rmSync(folder, { recursive: true, force: true });
}

async function killAgainAndAgain(): Promise<{ acknowledged: readonly string[]; unanswered: number }> {
  const load = startLoad(clients, publish, 50);
  for (let kill = 0; kill < kills; kill++) {
    await load.takesAgain(50);
    await pause(100 + Math.random() * 400);
    killTimes.push(performance.now());
    await node.stop('SIGKILL');
    node = await startNode({ TULLE_DATA: folder });
  }
  await pause(300);
  await load.stop();
  return load;
}

async function publish(ids: readonly string[]): Promise<boolean> {
  const events = ids.map((id) => ({ specversion: '1.0', id, source: '/crash', type: 'crash.test', data: { id } }));
  const batch = events.length > 1;
  const response = await fetch(`${node.url}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminKey}`,
      'content-type': `application/cloudevents${batch ? '-batch' : ''}+json`,
    },
    body: JSON.stringify(batch ? events : events[0]),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status === 202;
}

/** Waits until everything acknowledged is there, or nothing has come for 20 s. */
async function settle(acknowledged: readonly string[]): Promise<string[]> {
  const isDone = (id: string): boolean => (arrivals.get(id)?.length ?? 0) >= expectedArrivals(id);
  let seen = 0;
  for (let quiet = 0; quiet < 200 && !acknowledged.every(isDone); quiet++) {
    await pause(100);
    const now = [...arrivals.values()].reduce((sum, times) => sum + times.length, 0);
    if (now > seen) quiet = 0;
    seen = now;
  }
  return acknowledged.filter((id) => !isDone(id));
}

/** Whether every repetition has a kill shortly after the arrival before it. */
function isOfCrash(id: string, times: readonly number[]): boolean {
  let repetitions = 0;
  for (const [index, at] of times.entries()) {
    const next = times[index + 1];
    if (next === undefined) break;
    // An arrival may be noticed a little after the process that sent it is dead.
    if (killTimes.some((killed) => killed > at - 200 && killed < Math.min(next, at + crashWindowMs))) {
      repetitions += 1;
    }
  }
  return repetitions >= times.length - expectedArrivals(id);
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
