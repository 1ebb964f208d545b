import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEvent } from './delivery/event.ts';
import { createPublisher, delivered, reset } from './delivery/load.ts';
import { adminKey, startProcesses } from './delivery/processes.ts';

/**
 * What targets do to each other, on Node. First: how much longer a healthy target waits when one event in ten goes to a
 * target that takes connections and never answers, against the same events with a neighbour that answers. Then: how
 * evenly a burst reaches a target that takes 50 a second. `npm run bench:isolation -- --json`; ROUNDS, SECONDS and BURST
 * change its length.
 */
const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 12);
const burst = Number(process.env['BURST'] ?? 10_000);
const perSecond = 200;
const rate = 50;

const servers = await startProcesses();
const publisher = createPublisher(servers.mesh);
const hole = await startServer(() => {});
const well = await startServer((_request, answer) => answer());
const arrivals: number[] = [];
const limited = await startServer((_request, answer) => {
  arrivals.push(performance.now());
  answer();
});
try {
  const isolation = await compareNeighbours();
  const shaving = await shavePeak();
  if (process.argv.includes('--json')) console.log(JSON.stringify({ isolation, shaving }, null, 2));
  else {
    console.table([isolation]);
    console.table([shaving]);
  }
} finally {
  await publisher.close();
  for (const server of [hole, well, limited]) server.stop();
  servers.stop();
}

async function compareNeighbours() {
  const results = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    await putRule('neighbour', { url: well.url });
    const beside = await healthyP99();
    await putRule('neighbour', { url: hole.url });
    const behind = await healthyP99();
    if (round > 0) results.push({ beside, behind, ratio: behind / beside });
    process.stderr.write(`p99: neighbour answers ${beside.toFixed(1)} ms, hangs ${behind.toFixed(1)} ms\n`);
  }
  return {
    p99BesideWell: median(results.map(({ beside }) => beside)),
    p99BesideHole: median(results.map(({ behind }) => behind)),
    ratio: median(results.map(({ ratio }) => ratio)),
    least: Math.min(...results.map(({ ratio }) => ratio)),
    most: Math.max(...results.map(({ ratio }) => ratio)),
    wanted: 1.1,
  };
}

/** From the moment at which an event was due to its arrival at the healthy target, in milliseconds. */
async function healthyP99(): Promise<number> {
  await reset(servers.sink, 'latency');
  let number = 0;
  let healthy = 0;
  await publisher.steadily(perSecond, seconds, (dueAt) => {
    number += 1;
    if (number % 10 === 0) return toNeighbour(`n${number}`, 'neighbour');
    healthy += 1;
    return createEvent(`t${dueAt}-${number}`);
  });
  await delivered(servers.sink, healthy);
  const values = ((await (await fetch(`${servers.sink}/latencies`)).json()) as number[]).toSorted((a, b) => a - b);
  return values[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

/** Publishes far more at once than the target takes, and looks at every second of what it got. */
async function shavePeak() {
  await putRule('limited', { url: limited.url }, { rateLimit: { perSecond: rate } });
  const bodies = Array.from({ length: Math.ceil(burst / 100) }, (_, request) => {
    const events = Array.from({ length: 100 }, (_, index) => toNeighbour(`b${request}-${index}`, 'limited'));
    return `[${events.join(',')}]`;
  });
  await publisher.all(bodies);
  const expected = bodies.length * 100;
  for (const deadline = performance.now() + (expected / rate) * 1_500; performance.now() < deadline;) {
    if (arrivals.length >= expected) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  let most = 0;
  for (let first = 0, last = 0; last < arrivals.length; last++) {
    while ((arrivals[last] ?? 0) - (arrivals[first] ?? 0) >= 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  const took = ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / 1000;
  return {
    published: expected,
    delivered: arrivals.length,
    mostInAnySecond: most,
    wantedAtMost: rate * 1.05,
    perSecond: Number((arrivals.length / took).toFixed(1)),
  };
}

async function putRule(name: string, http: object, settings: object = {}): Promise<void> {
  const { origin } = new URL(servers.mesh);
  const response = await fetch(`${origin}/v1/admin/buses/default/rules/${name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ filter: { pattern: { source: [`/${name}`] } }, targets: [{ name, http, ...settings }] }),
  });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
}

function toNeighbour(id: string, rule: string): string {
  return createEvent(id).replace('"source":"/shop"', `"source":"/${rule}"`);
}

async function startServer(
  take: (request: string, answer: () => void) => void,
): Promise<{ readonly url: string; stop(): void }> {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => take(request.url ?? '', () => response.writeHead(204).end()));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Number((sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN).toFixed(2));
}
