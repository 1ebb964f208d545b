import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { packageHere } from '../aws/package.ts';
import { adminKey, startPackaged } from '../aws/start.ts';
import { admin } from '../adapters/node/main.ts';
import { publish } from './api.ts';
import { startLoad } from './load.ts';
import { numberOption, settles } from './wait.ts';

/**
 * Kills the environments of the packaged `dispatch` function with SIGKILL again and again, in the middle of their batches,
 * while events are published, and counts: what was answered 202 and never reached the target is lost.
 * `npm run test:crash:aws [-- --kills 50]`; the last line is `N passed, N failed`.
 */
const kills = numberOption('--kills', 50);
const clients = 4;
/** In place of six minutes: how long a message stays with a batch that was killed. */
const visibilitySeconds = 3;

const arrivals = new Map<string, number>();
const target = createServer((request, response) => {
  const id = String(request.headers['ce-id']);
  request.resume().on('end', () => {
    arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
    // Slow enough that a kill meets batches that are half done.
    setTimeout(() => response.writeHead(204).end(), 5);
  });
});
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));

const folder = await packageHere();
const runner = await startPackaged(folder, { visibilitySeconds, log: () => undefined });
try {
  const { url } = runner;
  await admin(url, 'PUT', '/v1/admin/buses/default', {}, adminKey);
  const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  await admin(
    url,
    'PUT',
    '/v1/admin/buses/default/rules/all',
    { filter: { pattern: { source: ['/crash'] } }, targets: [{ name: 'counter', http: { url: targetUrl } }] },
    adminKey,
  );
  const mesh = { url: () => url, key: adminKey };
  const publishSlowly = async (events: readonly object[]): Promise<string | undefined> => {
    const refusal = await publish(mesh, events);
    // A backlog would only make the test longer.
    await pause(40);
    return refusal;
  };
  const load = startLoad(clients, publishSlowly, 50);
  let inBatches = 0;
  for (let kill = 0; kill < kills;) {
    // A message that is killed five times is set aside by the guard: batches must have a chance to come through.
    const arrived = arrivals.size;
    while (arrivals.size < arrived + 10) await pause(10);
    await pause(Math.random() * 100);
    const killed = runner.functions.get('dispatch')?.killWorking() ?? 0;
    // A kill counts where it met a batch.
    if (killed === 0) continue;
    inBatches += killed;
    kill += 1;
  }
  await load.stop();
  const isMissing = (id: string): boolean => !arrivals.has(id);
  await settles(
    () => !load.acknowledged.some(isMissing),
    () => arrivals.size,
  );
  const missing = load.acknowledged.filter(isMissing);
  const repeated = [...arrivals.values()].filter((times) => times > 1).length;
  const { acknowledged, unanswered } = load;
  const figures = { kills, inBatches, acknowledged: acknowledged.length, unanswered, lost: missing.length, repeated };
  console.log(JSON.stringify(figures));
  if (missing.length > 0) {
    console.log(`lost: ${missing.slice(0, 20).join(' ')}`);
    console.log(JSON.stringify(await admin(url, 'GET', `/v1/buses/default/events/${missing[0]}`, undefined, adminKey)));
  }
  const passed = missing.length === 0 && acknowledged.length > kills * 10;
  console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = passed ? 0 : 1;
} finally {
  await runner.stop();
  target.closeAllConnections();
  target.close();
  rmSync(folder, { recursive: true, force: true });
}
