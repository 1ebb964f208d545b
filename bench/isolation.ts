import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEvent } from './delivery/event.ts';
import { createPublisher, delivered, reset } from './delivery/load.ts';
import { adminKey, startProcesses, startSink } from './delivery/processes.ts';
import { compareWindows, type Window } from './delivery/windows.ts';

/**
 * What targets do to each other, on Node. First: how much longer a healthy target waits when one event in ten goes to a
 * target that takes connections and never answers, against the same events with a neighbour that answers. Then: how
 * evenly a burst reaches a target that takes 50 a second. `npm run bench:isolation -- --json`; ROUNDS, SECONDS and BURST
 * change its length.
 *
 * A round has three windows in random order: a neighbour that hangs, one that answers, and one that answers again. What
 * the last two differ by is what the bench cannot tell. Each window has a rule of its own, new to the mesh, which is
 * deleted when it is over.
 */
const rounds = Number(process.env['ROUNDS'] ?? 12);
const seconds = Number(process.env['SECONDS'] ?? 5);
const burst = Number(process.env['BURST'] ?? 10_000);
const perSecond = 200;
const rate = 50;
const arms = ['answers', 'hangs', 'control'] as const;
type Arm = (typeof arms)[number];

const servers = await startProcesses();
const publisher = createPublisher(servers.mesh);
// A process of its own: what it does must not keep the publisher from being in time.
const neighbour = await startSink();
const arrivals: number[] = [];
const limited = await startServer((answer) => {
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
  limited.stop();
  neighbour.process.kill('SIGKILL');
  servers.stop();
}

async function compareNeighbours() {
  const windows: Record<Arm, Window[]> = { answers: [], hangs: [], control: [] };
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const arm of shuffle(arms)) {
      const window = await measure(`neighbour-${round}-${arm}`, `${neighbour.url}/${arm === 'hangs' ? 'hang' : ''}`);
      if (round > 0) windows[arm].push(window);
    }
  }
  const { hung } = (await (await fetch(`${neighbour.url}/count`)).json()) as { hung: number };
  if (hung < rounds) throw new Error(`the target that hangs was called ${hung} times`);
  const hangs = compareWindows(windows.answers, windows.hangs, 0.99);
  const control = compareWindows(windows.answers, windows.control, 0.99);
  return {
    events: windows.hangs.reduce((sum, { latencies }) => sum + latencies.length, 0),
    p99Answers: hangs.before,
    p99Hangs: hangs.after,
    ratio: hangs.ratio,
    ratio95: hangs.interval,
    wanted: 1.1,
    controlRatio: control.ratio,
    control95: control.interval,
    pooledRatio: hangs.pooled,
    pooledControl: control.pooled,
  };
}

/** From the moment at which each event was due to its arrival at the healthy target, in milliseconds. */
async function measure(rule: string, url: string): Promise<Window> {
  await putRule(rule, { url });
  await reset(servers.sink, 'latency');
  let number = 0;
  let healthy = 0;
  await publisher.steadily(perSecond, seconds, (dueAt) => {
    number += 1;
    if (number % 10 === 0) return toNeighbour(`n${number}`, rule);
    healthy += 1;
    return createEvent(`t${dueAt}-${number}`);
  });
  const { events } = await delivered(servers.sink, healthy);
  if (events !== healthy) throw new Error(`${events} of ${healthy} events were delivered`);
  const latencies = (await (await fetch(`${servers.sink}/latencies`)).json()) as number[];
  await deleteRule(rule);
  return { latencies };
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
  await administer('PUT', name, {
    filter: { pattern: { source: [`/${name}`] } },
    targets: [{ name: 'neighbour', http, ...settings }],
  });
}

async function deleteRule(name: string): Promise<void> {
  await administer('DELETE', name);
  // What was on its way to it has come to its end.
  await new Promise((resolve) => setTimeout(resolve, 500));
}

async function administer(method: string, rule: string, body?: object): Promise<void> {
  const { origin } = new URL(servers.mesh);
  const response = await fetch(`${origin}/v1/admin/buses/default/rules/${rule}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${rule}: ${response.status} ${await response.text()}`);
}

function toNeighbour(id: string, rule: string): string {
  return createEvent(id).replace('"source":"/shop"', `"source":"/${rule}"`);
}

async function startServer(take: (answer: () => void) => void): Promise<{ readonly url: string; stop(): void }> {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => take(() => response.writeHead(204).end()));
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

function shuffle<Value>(values: readonly Value[]): readonly Value[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ value }) => value);
}
