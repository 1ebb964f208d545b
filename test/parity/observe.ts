import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { scenario } from './scenario.ts';

/** A platform that runs, seen from outside. */
export interface Platform {
  readonly url: string;
  readonly adminKey: string;
}

/** What a platform made of the scenario; two of them are compared as they are. */
export interface Observed {
  /** Status and body of every request, in order. */
  readonly answers: readonly unknown[];
  /** What each path was sent: in order where it is fixed, otherwise sorted. */
  readonly received: Readonly<Record<string, readonly unknown[]>>;
  readonly deliveries: readonly unknown[];
  readonly deadLetters: readonly unknown[];
  readonly traces: readonly unknown[];
  readonly books: unknown;
}

/** Long enough for a retry after a few seconds on a busy machine. */
const PATIENCE_MS = 60_000;

/** Runs the scenario; the targets are at `port`, the same for every platform, so that what is said of them is the same. */
export async function observe(platform: Platform, port: number): Promise<Observed> {
  const target = await startTarget(port);
  try {
    const api = createApi(platform);
    await api.ok('PUT', '/v1/admin/buses/parity', scenario.bus);
    await api.ok('PUT', '/v1/admin/buses/parity/archives/everything', scenario.archive);
    for (const [name, rule] of Object.entries(scenario.rules)) {
      const text = JSON.stringify(rule).replaceAll('{target}', target.url);
      await api.ok('PUT', `/v1/admin/buses/parity/rules/${name}`, JSON.parse(text));
    }
    const answers: unknown[] = [];
    for (const request of scenario.requests) answers.push(await api.publish(request));
    const deadline = Date.now() + PATIENCE_MS;
    async function isOver(): Promise<boolean> {
      if (target.received.length < scenario.calls) return false;
      const { pending } = (await api.books()) as { pending: number };
      return pending === 0 && (await api.deliveries()).length >= scenario.records;
    }
    while (!(await isOver()) && Date.now() < deadline) await pause(200);
    const deliveries = await api.deliveries();
    const { deadLetters } = (await api.ok('GET', '/v1/buses/parity/dead-letters?limit=100')) as {
      deadLetters: Record<string, unknown>[];
    };
    const traces: unknown[] = [];
    for (const id of scenario.traced) traces.push(scrub(await api.ask('GET', `/v1/buses/parity/events/${id}`)));
    const { shards: _shards, ...books } = (await api.books()) as Record<string, unknown>;
    return {
      answers,
      received: toReceived(target.received),
      deliveries: sorted(deliveries.map(scrub)),
      // Their ids are places in a log.
      deadLetters: sorted(deadLetters.map(({ id: _id, ...letter }) => scrub(letter))),
      traces,
      books,
    };
  } finally {
    await target.stop();
  }
}

function createApi({ url, adminKey }: Platform) {
  const authorization = `Bearer ${adminKey}`;
  async function ask(method: string, path: string, body?: unknown) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }
  async function ok(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await ask(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return {
    ask,
    ok,
    books: () => ok('GET', '/v1/buses/parity/books'),
    async deliveries() {
      const answer = await ok('GET', '/v1/buses/parity/deliveries?limit=1000');
      return (answer as { deliveries: Record<string, unknown>[] }).deliveries;
    },
    async publish(request: unknown): Promise<unknown> {
      const batch = Array.isArray(request) ? '-batch' : '';
      const response = await fetch(`${url}/v1/buses/parity/events`, {
        method: 'POST',
        headers: { authorization, 'content-type': `application/cloudevents${batch}+json` },
        body: typeof request === 'string' ? request : JSON.stringify(request),
      });
      return { status: response.status, body: await response.json() };
    },
  };
}

interface Received {
  readonly path: string;
  readonly key: string;
  readonly request: unknown;
}

async function startTarget(port: number) {
  const received: Received[] = [];
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '/';
      // The attributes and the type of the body; what else a client sends is its own.
      const headers = Object.entries(request.headers)
        .filter(([name]) => name.startsWith('ce-') || name === 'content-type')
        .toSorted(([one], [other]) => (one < other ? -1 : 1));
      const body = Buffer.concat(chunks).toString('base64');
      const key = `${path} ${JSON.stringify(headers)} ${body}`;
      const before = calls.get(key) ?? 0;
      calls.set(key, before + 1);
      received.push({ path, key, request: { headers: Object.fromEntries(headers) as unknown, body } });
      response.writeHead(scenario.answer(path, before)).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function toReceived(received: readonly Received[]): Record<string, unknown[]> {
  const byPath = Map.groupBy(received, ({ path }) => path);
  const entries = Array.from(byPath, ([path, all]): [string, unknown[]] => {
    const requests = all.map(({ request }) => request as { headers: Record<string, string> });
    if (!(scenario.ordered as readonly string[]).includes(path)) return [path, sorted(requests)];
    // Partitions go side by side; within each the order is that of publication.
    const partitions = Map.groupBy(requests, ({ headers }) => headers['ce-partitionkey'] ?? '');
    return [path, [...partitions].toSorted(([one], [other]) => (one < other ? -1 : 1))];
  });
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Times, random names and places in a log: no two runs have the same. */
const ofTheRun = new Set([
  'at',
  'time',
  'acceptedAt',
  'latencyMs',
  'receipt',
  'delivery',
  'sequence',
  'nextAttemptAt',
  'dueAt',
  'nextAt',
  'receivedAt',
  'request',
  // The version that happened to be in the process, and a lane that may be gone already.
  'explainedBy',
  'breaker',
]);

function scrub(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !ofTheRun.has(name))
      .map(([name, member]) => [name, scrub(member)]),
  );
}

function sorted<Value>(values: readonly Value[]): Value[] {
  return values.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}
