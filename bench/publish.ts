import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { adminKey, startProcesses } from './delivery/processes.ts';

/**
 * How long a publisher waits on Node: for its 202, for the outcome (`Prefer: wait=10`) and for a target's reply, one after
 * the other, alone and beside 8 other connections that publish all the time. The floor posts to the target itself.
 * `npm run bench:publish -- --json`; ROUNDS changes its length.
 */
const rounds = Number(process.env['ROUNDS'] ?? 300);
const neighbours = 8;

const servers = await startProcesses();
const replier = await startReplier();
const base = new URL(servers.mesh).origin;
let ids = 0;

try {
  await put('ask', {});
  await put('ask/rules/all', {
    filter: { pattern: { type: ['asked'] } },
    targets: [{ name: 'replier', http: { url: replier.url, reply: true } }],
  });
  const modes = {
    'floor: straight to the target': () => fetch(replier.url, { method: 'POST', body: event() }),
    asynchronous: () => publish(undefined, 202),
    synchronous: () => publish('wait=10', 200),
    'request and reply': () => publish('wait=10, reply', 200),
  };
  await prove();
  const alone = await measure(modes);
  let isOver = false;
  const load = Array.from({ length: neighbours }, async () => {
    while (!isOver) await publish(undefined, 202);
  });
  const busy = await measure(modes);
  isOver = true;
  await Promise.all(load);
  const report = { alone, busy };
  if (process.argv.includes('--json')) console.log(JSON.stringify(report, null, 2));
  else for (const table of Object.values(report)) console.table(table);
} finally {
  replier.server.close();
  replier.server.closeAllConnections();
  servers.stop();
}

interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The modes take turns, so that whatever else the machine does hits all of them alike. */
async function measure(modes: Record<string, () => Promise<Response>>): Promise<Record<string, Latency>> {
  const times = new Map(Object.keys(modes).map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, ask] of Object.entries(modes)) {
      const start = performance.now();
      const response = await ask();
      await response.arrayBuffer();
      // The first tenth warms up.
      if (round >= rounds / 10) times.get(name)?.push(performance.now() - start);
    }
  }
  return Object.fromEntries(
    Array.from(times, ([name, taken]) => {
      const sorted = taken.toSorted((one, other) => one - other);
      const at = (share: number): number => Number(sorted[Math.floor(sorted.length * share)]?.toFixed(1));
      return [name, { p50Ms: at(0.5), p99Ms: at(0.99) }];
    }),
  );
}

/** What is measured is what it claims to be. */
async function prove(): Promise<void> {
  const outcome = (await (await publish('wait=10', 200)).json()) as { events: { deliveries: { status: string }[] }[] };
  if (outcome.events[0]?.deliveries[0]?.status !== 'delivered') throw new Error(JSON.stringify(outcome));
  const reply = await publish('wait=10, reply', 200);
  if (reply.headers.get('ce-type') !== 'replied') throw new Error('no reply came back');
}

async function publish(prefer: string | undefined, status: number): Promise<Response> {
  const response = await fetch(`${base}/v1/buses/ask/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminKey}`,
      'content-type': 'application/cloudevents+json',
      ...(prefer === undefined ? {} : { prefer }),
    },
    body: event(),
  });
  if (response.status !== status) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

function event(): string {
  const data = { text: 'x'.repeat(900) };
  return JSON.stringify({ specversion: '1.0', id: `e${ids++}`, source: '/bench', type: 'asked', data });
}

async function put(path: string, body: unknown): Promise<void> {
  const response = await fetch(`${base}/v1/admin/buses/${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function startReplier(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/cloudevents+json');
      response.end(JSON.stringify({ specversion: '1.0', id: `r${ids++}`, source: '/replier', type: 'replied' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
