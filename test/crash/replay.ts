import { setTimeout as pause } from 'node:timers/promises';
import { findPostgres, type PostgresServer, startPostgres } from '../services/postgres.ts';
import { call, publish, readBooks } from './api.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { type CrashMesh, startNodeMesh, startPostgresMesh, startWorkerdMesh } from './mesh.ts';
import { createRepeats } from './repeats.ts';
import { startTarget } from './target.ts';
import { conclude } from './test.ts';
import { numberOption, settles, textOption, until } from './wait.ts';

/**
 * Archives events, and replays all of them twice on real processes: once in peace, once while they are killed with SIGKILL
 * again and again. What arrives must be the archived set, nothing but it, and no more of it twice than was on its way at a
 * kill; what targets send back must not feed the next replay. `npm run test:replay
 * [-- --storage folder|postgres|workerd --events 100000 --kills 10]`; the last line is `N passed, N failed`.
 */
const wanted = numberOption('--events', 100_000);
const kills = numberOption('--kills', 10);
const storage = textOption('--storage') ?? 'folder';
const processes = numberOption('--processes', 3);
const batch = 500;
/** Every so many of the events that arrive are published again by the target, as they are and with another id. */
const echoEvery = 1_000;
const base = '/v1/buses/default/replays';

interface View {
  readonly state: string;
  readonly reason?: string;
  readonly progress: { readonly read: number; readonly replayed: number; readonly deliveries: number };
}

const bin = findPostgres();
if (storage === 'postgres' && bin === undefined) console.log('Postgres is not installed: its replay test is skipped.');
else {
  const server = storage === 'postgres' && bin !== undefined ? await startPostgres(bin) : undefined;
  try {
    await testReplays(await startMesh(server));
  } finally {
    server?.stop();
  }
}

function startMesh(server: PostgresServer | undefined): Promise<CrashMesh> {
  if (server !== undefined) return startPostgresMesh(server, processes);
  return storage === 'workerd' ? startWorkerdMesh() : startNodeMesh();
}

async function testReplays(mesh: CrashMesh): Promise<void> {
  /** By the replay's name. */
  const arrivals = new Map<string, Arrivals>();
  /** Those that the mesh took, and those that came back. */
  const echoes: Promise<boolean>[] = [];
  const echoed = new Set<string>();
  let unmarked = 0;
  const target = await startTarget((id, headers) => {
    const mark = headers['ce-replayname'];
    if (id.startsWith('echo')) {
      echoed.add(`${id} of ${String(mark)}`);
      return 204;
    }
    if (typeof mark !== 'string') {
      unmarked += 1;
      return 204;
    }
    const status = arrivalsOf(mark).arrive(id);
    if (arrivalsOf(mark).total % echoEvery === 0) {
      const echo = publish(mesh, [toEvent(`echo-${id}`, { replayname: mark })]);
      // A kill may come in between.
      echoes.push(echo.then((refusal) => refusal === undefined).catch(() => false));
    }
    return status;
  });

  function arrivalsOf(replay: string): Arrivals {
    let known = arrivals.get(replay);
    if (known === undefined) {
      known = createArrivals(() => 1);
      arrivals.set(replay, known);
    }
    return known;
  }

  async function putRule(enabled: boolean): Promise<void> {
    await call(mesh, 'PUT', '/v1/admin/buses/default/rules/all', {
      enabled,
      filter: { pattern: { source: [{ prefix: '/' }] } },
      targets: [{ name: 'counter', http: { url: target.url, timeoutSeconds: 30 } }],
    });
  }

  /** Events of a source that is archived and, one in ten, of one that is not. */
  async function publishAll(ids: readonly string[]): Promise<void> {
    const strangers = Array.from({ length: wanted / 10 }, (_, index) => toEvent(`s${index}`, { source: '/other' }));
    const events = [...ids.map((id) => toEvent(id)), ...strangers];
    const batches: object[][] = [];
    for (let start = 0; start < events.length; start += batch) batches.push(events.slice(start, start + batch));
    const began = performance.now();
    const work = async (): Promise<void> => {
      for (let next = batches.shift(); next !== undefined; next = batches.shift()) {
        let refusal: string | undefined = '';
        await until(
          async () => {
            refusal = await publish(mesh, next ?? []).catch(String);
            return refusal === undefined;
          },
          () => `a batch is not taken: ${refusal}`,
          () => batches.length,
        );
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    console.log(`published ${events.length} events in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }

  async function replay(name: string, body: object, ids: readonly string[], disturb?: () => Promise<void>) {
    const began = performance.now();
    const found = arrivalsOf(name);
    await call(mesh, 'PUT', `${base}/${name}`, body);
    await disturb?.();
    const view = await ended(name);
    // What comes twice comes by now.
    await settles(
      async () => (await readBooks(mesh)).pending === 0,
      () => found.total,
    );
    const took = found.lastAt - began;
    const missing = found.missing(ids);
    const { read, replayed, deliveries } = view.progress;
    const counts = { read, replayed, deliveries, done: found.done };
    const failures = [
      ...(view.state === 'completed' ? [] : [`${name} is ${view.state}: ${view.reason ?? JSON.stringify(view)}`]),
      ...(missing.length === 0 ? [] : [`${name} lacks ${found.describe(missing)}`]),
      ...Object.entries(counts).flatMap(([what, count]) =>
        count === ids.length ? [] : [`${name}: ${what} is ${count}, not ${ids.length}`],
      ),
      ...(found.ids === ids.length ? [] : [`${name}: ${found.ids} ids arrived, not ${ids.length}`]),
    ];
    const seconds = Math.round(took / 100) / 10;
    const perSecond = Math.round((found.done / took) * 1_000);
    return { ...counts, repeated: found.repeated, seconds, perSecond, failures };
  }

  /** A replay waits for what may have been late. */
  async function ended(name: string): Promise<View> {
    let view: View | undefined;
    await settles(
      async () => {
        view = (await call(mesh, 'GET', `${base}/${name}`)) as View;
        return view.state !== 'running';
      },
      () => `${JSON.stringify(view?.progress)} ${arrivals.get(name)?.total}`,
    );
    if (view === undefined) throw new Error(`there is no replay ${name}`);
    return view;
  }

  /** By a replay to nobody. */
  async function countArchived(): Promise<number> {
    await putRule(false);
    await call(mesh, 'PUT', `${base}/count`, { archive: 'all', from: 0 });
    return (await ended('count')).progress.read;
  }

  try {
    // A batch whose answer was lost is sent again.
    await call(mesh, 'PUT', '/v1/admin/buses/default', { record: 'failures', deduplication: {} });
    const filter = { pattern: { source: ['/archived'] } };
    await call(mesh, 'PUT', '/v1/admin/buses/default/archives/all', { filter });
    const from = Date.now();
    const ids = Array.from({ length: wanted }, (_, index) => `e${index}`);
    // Each process has to know of the archive.
    await pause(storage === 'folder' ? 0 : 6_000);
    await publishAll(ids);
    const to = Date.now() + 1;
    // The rule comes later: the first delivery is the replay's.
    await putRule(true);
    while (Date.now() <= to) await pause(1);
    const calm = await replay('calm', { archive: 'all', from, to }, ids);
    const repeats = createRepeats({
      settled: async () => (await readBooks(mesh)).delivered,
      arrived: () => arrivalsOf('calm').done + arrivalsOf('killed').done + echoed.size,
    });
    const killed = await replay('killed', { archive: 'all', from, to }, ids, async () => {
      for (let kill = 0; kill < kills; kill += 1) {
        const found = arrivalsOf('killed');
        // Evenly over the replay, whatever its speed.
        const start = (ids.length * kill) / (kills + 1);
        await settles(
          () => found.done > start,
          () => found.total,
        );
        await pause(Math.random() * 200);
        await repeats.kill(mesh);
      }
    });
    const echoesTaken = (await Promise.all(echoes)).filter(Boolean).length;
    // All that there is by now: what the target sent back is not in it.
    const looked = await countArchived();
    const { failures: calmFailures, ...calmCounts } = calm;
    const { failures: killedFailures, ...killedCounts } = killed;
    const mayBeRepeated = repeats.allowed;
    const summary = { storage, archived: ids.length, calm: calmCounts, killed: killedCounts, kills, mayBeRepeated };
    console.log(JSON.stringify({ ...summary, unmarked, echoes: echoesTaken, looked }, undefined, 1));
    const repeated = [
      ...(calm.repeated === 0 ? [] : [`${calm.repeated} came twice in peace`]),
      ...(killed.repeated <= mayBeRepeated ? [] : [`${killed.repeated} came twice, of ${mayBeRepeated} that may`]),
    ];
    conclude(
      [
        ...calmFailures,
        ...killedFailures,
        // Processes that lose each other may deliver what the others have as well.
        ...(storage === 'postgres' ? [] : repeated),
        ...(unmarked === 0 ? [] : [`${unmarked} came without the mark`]),
        ...(looked === ids.length ? [] : [`${looked} are archived, not ${ids.length}`]),
        ...(mesh.alive() ? [] : ['a process ended by itself']),
      ],
      mesh,
    );
  } catch (error) {
    conclude([String(error)], mesh);
    throw error;
  } finally {
    await mesh.stop();
    target.stop();
  }
}

function toEvent(id: string, more: object = {}): object {
  const data = { customer: `c-${id}`, total: 12.5, lines: [{ sku: 'a-1', count: 2 }] };
  return { specversion: '1.0', id, source: '/archived', type: 'order.created', data, ...more };
}
