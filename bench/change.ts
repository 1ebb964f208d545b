import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { startOnState } from '../cli/dev/start.ts';
import { createEvent } from './delivery/event.ts';
import { delivered, reset } from './delivery/load.ts';
import { adminKey, prepare, startProcesses, startSink } from './delivery/processes.ts';

/**
 * How long a change of a rule takes to have its effect: from the moment at which it is sent to the admin API to the answer
 * of the first event that it matches, while events are published all the time to a bus of 100 other rules. On Node, and on
 * workerd of this machine with its KV and D1. `npm run bench:change -- --json`; CHANGES changes their number.
 */
const changes = Number(process.env['CHANGES'] ?? 30);
const publishers = 4;

interface Platform {
  readonly name: string;
  readonly origin: string;
  readonly key: string;
  /** The target. */
  readonly sink: string;
  /** Milliseconds. */
  readonly wanted: number;
  stop(): Promise<void>;
}

const results = [];
for (const start of [startNode, startWorkerd]) {
  const platform = await start();
  try {
    results.push(await measure(platform));
  } finally {
    await platform.stop();
  }
}
if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2));
else console.table(results);

async function measure({ name, origin, key, sink, wanted }: Platform) {
  const pool = new Pool(origin, { connections: publishers + 1 });
  await reset(sink, 'prove');
  let matched = 0;

  /** Publishes an event that change number `change` matches, and no other; whether it did. */
  async function publish(change: number, id: string): Promise<boolean> {
    const body = createEvent(id).replace('"source":"/shop"', `"source":"/change-${change}"`);
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents+json' };
    const response = await pool.request({ path: '/v1/events', method: 'POST', headers, body });
    const answer = (await response.body.json()) as { events?: readonly { matched: number }[] };
    if (response.statusCode !== 202) throw new Error(`${name}: ${response.statusCode} ${JSON.stringify(answer)}`);
    const found = answer.events?.[0]?.matched ?? 0;
    matched += found;
    return found > 0;
  }

  async function put(change: number): Promise<number> {
    const pattern = { source: [`/change-${change}`] };
    const response = await pool.request({
      path: '/v1/admin/buses/default/rules/changing',
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ filter: { pattern }, targets: [{ name: 'sink', http: { url: `${sink}/` } }] }),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${name}: ${response.statusCode} ${text}`);
    return performance.now();
  }

  const effects: number[] = [];
  const answers: number[] = [];
  for (let change = 0; change <= changes; change++) {
    let effectAt: number | undefined;
    const startedAt = performance.now();
    const loops = Array.from({ length: publishers }, async (_, publisher) => {
      for (let number = 0; effectAt === undefined; number++) {
        if (performance.now() - startedAt > 120_000) throw new Error(`${name}: no effect within two minutes`);
        if (await publish(change, `c${change}-${publisher}-${number}`)) effectAt ??= performance.now();
      }
    });
    // Somewhere between two looks of the mesh at its snapshot.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    if (effectAt !== undefined) throw new Error(`${name}: an event was matched before its rule was sent`);
    const sentAt = performance.now();
    const answeredAt = await put(change);
    await Promise.all(loops);
    // Whatever is sent from now on is matched.
    for (let number = 0; number < 20; number++) {
      if (!(await publish(change, `d${change}-${number}`))) throw new Error(`${name}: the change was lost again`);
    }
    // The first creates the rule.
    if (change === 0) continue;
    effects.push((effectAt ?? Number.NaN) - sentAt);
    answers.push(answeredAt - sentAt);
  }
  const { distinct } = await delivered(sink, matched);
  if (distinct !== matched) throw new Error(`${name}: ${distinct} of ${matched} matched events reached the target`);
  await pool.destroy();
  return {
    platform: name,
    changes: effects.length,
    medianMs: at(effects, 0.5),
    maxMs: at(effects, 1),
    wanted,
    answerMedianMs: at(answers, 0.5),
    answerMaxMs: at(answers, 1),
  };
}

async function startNode(): Promise<Platform> {
  const servers = await startProcesses();
  const { origin } = new URL(servers.mesh);
  const stop = async (): Promise<void> => servers.stop();
  return { name: 'node', origin, key: adminKey, sink: servers.sink, wanted: 1_000, stop };
}

async function startWorkerd(): Promise<Platform> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'tulle-change-'));
  const sink = await startSink();
  const server = await startOnState({ port: await freePort(), stateFolder, demo: false });
  await prepare(server.url, sink.url, '24h', server.adminKey);
  return {
    name: 'workerd',
    origin: server.url,
    key: server.adminKey,
    sink: sink.url,
    wanted: 2_000,
    async stop() {
      await server.close();
      sink.process.kill('SIGKILL');
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Number((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1));
}
