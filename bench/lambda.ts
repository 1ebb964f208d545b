import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { packageHere } from '../test/aws/package.ts';
import { adminKey, startPackaged } from '../test/aws/start.ts';
import { admin } from '../test/adapters/node/main.ts';

/**
 * From the publisher's request to the arrival at its target, through the packaged functions in the local runner: HTTP event,
 * SQS, dispatch. `npm run bench:lambda`, SECONDS (20) at 50 events a second; what arrives is counted first.
 */
const seconds = Number(process.env['SECONDS'] ?? 20);
const perSecond = 50;

const sentAt = new Map<string, number>();
const latencies: number[] = [];
const target = createServer((request, response) => {
  const id = String(request.headers['ce-id']);
  const sent = sentAt.get(id);
  if (sent !== undefined) latencies.push(performance.now() - sent);
  sentAt.delete(id);
  request.resume().on('end', () => response.writeHead(204).end());
});
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
const folder = await packageHere();
const runner = await startPackaged(folder);
const acknowledgements: number[] = [];
try {
  const { url } = runner;
  await admin(url, 'PUT', '/v1/admin/buses/default', {}, adminKey);
  const http = { url: `http://127.0.0.1:${(target.address() as AddressInfo).port}/` };
  const rule = { filter: { pattern: { source: ['/bench'] } }, targets: [{ name: 'counter', http }] };
  await admin(url, 'PUT', '/v1/admin/buses/default/rules/all', rule, adminKey);
  // What starts cold is measured by bench:lambda:start: environments come one after the other, then a few at once.
  for (let index = 0; index < 20; index++) await publish(`warm-${index}`);
  await Promise.all(Array.from({ length: 8 }, (_, index) => publish(`warmer-${index}`)));
  await pause(2_000);
  latencies.length = 0;
  acknowledgements.length = 0;
  const sent = await run(seconds);
  await pause(1_000);
  if (latencies.length !== sent) throw new Error(`${latencies.length} of ${sent} events arrived`);
  const result = { sent, perSecond, acknowledged: percentiles(acknowledgements), delivered: percentiles(latencies) };
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : result);
} finally {
  await runner.stop();
  target.closeAllConnections();
  target.close();
  rmSync(folder, { recursive: true, force: true });
}

async function run(seconds: number): Promise<number> {
  const started = performance.now();
  const requests: Promise<void>[] = [];
  const count = seconds * perSecond;
  for (let index = 0; index < count; index++) {
    await pause(Math.max(0, started + (index * 1_000) / perSecond - performance.now()));
    requests.push(publish(`${started}-${index}`));
  }
  await Promise.all(requests);
  return count;
}

async function publish(id: string): Promise<void> {
  const began = performance.now();
  sentAt.set(id, began);
  const response = await fetch(`${runner.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id, source: '/bench', type: 'bench', data: { text: 'x'.repeat(900) } }),
  });
  await response.arrayBuffer();
  if (response.status !== 202) throw new Error(`the event was answered ${response.status}`);
  acknowledgements.push(performance.now() - began);
}

function percentiles(values: readonly number[]): Record<string, number> {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
