import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { admin } from '../test/adapters/node/main.ts';
import { packageHere } from '../test/aws/package.ts';
import { adminKey, startPackaged } from '../test/aws/start.ts';
import { packageFloor } from './lambda/floor.ts';

/**
 * From the publisher's request to the arrival at its target, through functions in the local runner: HTTP event, SQS,
 * dispatch. The mesh as it is packaged, and beside it the least that such functions must do, in turns.
 * `npm run bench:lambda`: SECONDS (10) of 50 events a second for each, ROUNDS (3) times; what arrives is counted first. Of
 * the rounds the best is told: whatever else the machine does makes them worse.
 */
const seconds = Number(process.env['SECONDS'] ?? 10);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const perSecond = 50;

const sentAt = new Map<string, number>();
let latencies: number[] = [];
const target = createServer((request, response) => {
  const id = String(request.headers['ce-id']);
  const sent = sentAt.get(id);
  if (sent !== undefined) latencies.push(performance.now() - sent);
  sentAt.delete(id);
  request.resume().on('end', () => response.writeHead(204).end());
});
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
const folders = { floor: await packageFloor(targetUrl), mesh: await packageHere() };
const runners = { floor: await startPackaged(folders.floor), mesh: await startPackaged(folders.mesh) };
const names = ['floor', 'mesh'] as const;
type Name = (typeof names)[number];
try {
  const { url } = runners.mesh;
  await admin(url, 'PUT', '/v1/admin/buses/default', {}, adminKey);
  const rule = {
    filter: { pattern: { source: ['/bench'] } },
    targets: [{ name: 'counter', http: { url: targetUrl } }],
  };
  await admin(url, 'PUT', '/v1/admin/buses/default/rules/all', rule, adminKey);
  // What starts cold is measured by bench:lambda:start: environments come one after the other, then a few at once.
  for (const name of names) {
    for (let index = 0; index < 20; index++) await publish(name, `warm-${index}`);
    await Promise.all(Array.from({ length: 8 }, (_, index) => publish(name, `warmer-${index}`)));
  }
  await pause(2_000);
  const measured: Record<Name, Measured[]> = { floor: [], mesh: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of names) measured[name].push(await measure(name));
  }
  const best = { floor: leastOf(measured.floor), mesh: leastOf(measured.mesh) };
  const ratio = {
    p50: round(best.mesh.delivered.p50 / best.floor.delivered.p50),
    p99: round(best.mesh.delivered.p99 / best.floor.delivered.p99),
  };
  const figures = { seconds, rounds, perSecond, ...best, ratio };
  console.log(process.argv.includes('--json') ? JSON.stringify(figures) : figures);
} finally {
  for (const name of names) {
    await runners[name].stop();
    rmSync(folders[name], { recursive: true, force: true });
  }
  target.closeAllConnections();
  target.close();
}

interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

interface Measured {
  readonly acknowledged: Percentiles;
  readonly delivered: Percentiles;
}

async function measure(name: Name): Promise<Measured> {
  latencies = [];
  // What is late from before is of no interest.
  sentAt.clear();
  const started = performance.now();
  const requests: Promise<number>[] = [];
  const count = seconds * perSecond;
  for (let index = 0; index < count; index++) {
    await pause(Math.max(0, started + (index * 1_000) / perSecond - performance.now()));
    requests.push(publish(name, `${started}-${index}`));
  }
  const acknowledgements = await Promise.all(requests);
  for (let waited = 0; latencies.length < count && waited < 30_000; waited += 100) await pause(100);
  if (latencies.length !== count) throw new Error(`${name}: ${latencies.length} of ${count} events arrived`);
  return { acknowledged: percentiles(acknowledgements), delivered: percentiles(latencies) };
}

/** Answers how long it took until it was acknowledged. */
async function publish(name: Name, id: string): Promise<number> {
  const began = performance.now();
  sentAt.set(id, began);
  const response = await fetch(`${runners[name].url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id, source: '/bench', type: 'bench', data: { text: 'x'.repeat(900) } }),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`${name}: the event was answered ${response.status}: ${answer}`);
  return performance.now() - began;
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

function leastOf(measured: readonly Measured[]): Measured {
  const [best] = measured.toSorted((one, other) => one.delivered.p99 - other.delivered.p99);
  if (best === undefined) throw new Error('ROUNDS is 1 at least');
  return best;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
