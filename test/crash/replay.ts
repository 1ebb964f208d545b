import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admin, adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';

/**
 * Archives events, and replays all of them twice on a real Node process: once in peace, once while the process is killed
 * with SIGKILL again and again. What arrives must be the archived set, nothing but it, and twice only what was on its way
 * at a kill; what targets send back must not feed the next replay.
 * `npm run test:replay [-- --events 100000 --kills 10]`; the last line is `N passed, N failed`.
 */
const wanted = Number(argument('--events') ?? 100_000);
const kills = Number(argument('--kills') ?? 10);
const batch = 500;
/** Every so many of the events that arrive are published again by the target, as they are and with another id. */
const echoEvery = 1_000;
const folder = mkdtempSync(join(tmpdir(), 'tulle-replay-'));
const base = '/v1/buses/default/replays';

interface Arrival {
  readonly at: number;
  count: number;
}

/** By the replay's name and the event's id. */
const arrivals = new Map<string, Map<string, Arrival>>();
const echoes: Promise<boolean>[] = [];
const killTimes: number[] = [];
let unmarked = 0;
let last = performance.now();

const target = createServer((request, response) => {
  const id = String(request.headers['ce-id']);
  const mark = request.headers['ce-replayname'];
  request.resume().on('end', () => {
    response.writeHead(204).end();
    if (id.startsWith('echo')) return;
    last = performance.now();
    if (typeof mark !== 'string') unmarked += 1;
    else arrived(mark, id);
  });
});
target.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;

let node: RunningNode = await startNode({ TULLE_DATA: folder });
try {
  await admin(node.url, 'PUT', '/v1/admin/buses/default', { record: 'failures' });
  const filter = { pattern: { source: ['/archived'] } };
  await admin(node.url, 'PUT', '/v1/admin/buses/default/archives/all', { filter });
  const from = Date.now();
  const ids = await publishAll();
  const to = Date.now() + 1;
  // The rule comes later: the first delivery is the replay's.
  await putRule(true);
  await until(() => Date.now() >= to);
  const calm = await replay('calm', { archive: 'all', from, to }, ids);
  const killed = await replay('killed', { archive: 'all', from, to }, ids, killAgainAndAgain);
  const echoed = (await Promise.all(echoes)).filter(Boolean).length;
  // All that there is by now: what the target sent back is not in it.
  const looked = await countArchived();
  const summary = {
    archived: ids.size,
    calm,
    killed,
    kills: killTimes.length,
    unmarked,
    echoed,
    looked,
  };
  console.log(JSON.stringify(summary, undefined, 1));
  const passed =
    [calm, killed].every(
      ({ missing, unknown, read, outside }) => missing + unknown + outside === 0 && read === ids.size,
    ) &&
    calm.repeated === 0 &&
    killTimes.length === kills &&
    unmarked === 0 &&
    looked === ids.size;
  console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = passed ? 0 : 1;
} finally {
  await node.stop('SIGKILL');
  target.closeAllConnections();
  target.close();
  rmSync(folder, { recursive: true, force: true });
}

async function putRule(enabled: boolean): Promise<void> {
  await admin(node.url, 'PUT', '/v1/admin/buses/default/rules/all', {
    enabled,
    filter: { pattern: { source: [{ prefix: '/' }] } },
    targets: [{ name: 'counter', http: { url: targetUrl } }],
  });
}

function arrived(replay: string, id: string): void {
  let known = arrivals.get(replay);
  if (known === undefined) {
    known = new Map();
    arrivals.set(replay, known);
  }
  const arrival = known.get(id);
  if (arrival !== undefined) arrival.count += 1;
  else {
    known.set(id, { at: performance.now(), count: 1 });
    if (known.size % echoEvery === 0) {
      // A kill may come in between.
      echoes.push(publish([toEvent(`echo-${id}`, { replayname: replay })]).catch(() => false));
    }
  }
}

/** Events of a source that is archived and, one in ten, of one that is not. */
async function publishAll(): Promise<ReadonlySet<string>> {
  const ids = Array.from({ length: wanted }, (_, index) => `e${index}`);
  const strangers = Array.from({ length: wanted / 10 }, (_, index) => toEvent(`s${index}`, { source: '/other' }));
  const events = [...ids.map((id) => toEvent(id)), ...strangers];
  const batches: object[][] = [];
  for (let start = 0; start < events.length; start += batch) batches.push(events.slice(start, start + batch));
  const began = performance.now();
  const work = async (): Promise<void> => {
    for (let next = batches.shift(); next !== undefined; next = batches.shift()) {
      if (!(await publish(next))) throw new Error('a batch was not taken');
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  console.log(`published ${events.length} events in ${seconds(began)} s`);
  return new Set(ids);
}

async function replay(
  name: string,
  body: object,
  ids: ReadonlySet<string>,
  disturb: () => Promise<void> = () => Promise.resolve(),
) {
  const began = performance.now();
  const found = (): ReadonlyMap<string, Arrival> => arrivals.get(name) ?? new Map();
  await admin(node.url, 'PUT', `${base}/${name}`, body);
  await disturb();
  await until(() => found().size >= ids.size || performance.now() - last > 30_000);
  const took = last - began;
  // What comes twice comes now.
  await until(() => performance.now() - last > 3_000);
  const view = await completed(name);
  const repeated = [...found().values()].filter(({ count }) => count > 1);
  return {
    state: view.state,
    read: view.progress.read,
    replayed: view.progress.replayed,
    arrived: found().size,
    missing: Array.from(ids).filter((id) => !found().has(id)).length,
    unknown: Array.from(found().keys()).filter((id) => !ids.has(id)).length,
    repeated: repeated.length,
    /** Repeated, and not delivered shortly before a kill. */
    outside: repeated.filter(({ at }) => !killTimes.some((time) => time > at - 200 && time < at + 2_000)).length,
    seconds: Math.round(took / 100) / 10,
    perSecond: Math.round((found().size / took) * 1_000),
  };
}

async function killAgainAndAgain(): Promise<void> {
  for (let kill = 0; kill < kills; kill += 1) {
    const before = arrivals.get('killed')?.size ?? 0;
    await until(() => (arrivals.get('killed')?.size ?? 0) > before, 30_000);
    await pause(100 + Math.random() * 700);
    killTimes.push(performance.now());
    await node.stop('SIGKILL');
    node = await startNode({ TULLE_DATA: folder });
  }
}

interface View {
  readonly state: string;
  readonly progress: { readonly read: number; readonly replayed: number };
}

/** A replay waits for what may have been late. */
async function completed(name: string): Promise<View> {
  for (let attempt = 0; ; attempt += 1) {
    const view = (await admin(node.url, 'GET', `${base}/${name}`)) as View;
    if (view.state !== 'running' || attempt === 60) return view;
    await pause(500);
  }
}

/** By a replay to nobody. */
async function countArchived(): Promise<number> {
  await putRule(false);
  await admin(node.url, 'PUT', `${base}/count`, { archive: 'all', from: 0 });
  return (await completed('count')).progress.read;
}

function toEvent(id: string, more: object = {}): object {
  const data = { customer: `c-${id}`, total: 12.5, lines: [{ sku: 'a-1', count: 2 }] };
  return { specversion: '1.0', id, source: '/archived', type: 'order.created', data, ...more };
}

async function publish(events: readonly object[]): Promise<boolean> {
  const response = await fetch(`${node.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  });
  await response.arrayBuffer();
  return response.status === 202;
}

async function until(isDone: () => boolean, withinMs = 600_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!isDone() && performance.now() < end) await pause(50);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(1);
}

function argument(name: string): string | undefined {
  const place = process.argv.indexOf(name);
  return place < 0 ? undefined : process.argv[place + 1];
}
