import { createEvent } from './delivery/event.ts';
import { createPublisher, delivered, type Publisher, reset } from './delivery/load.ts';
import { type BenchProcesses, startProcesses } from './delivery/processes.ts';

/**
 * From the publisher to the target on Node: how much of the machine's speed is left when every event is authenticated,
 * checked, matched against 100 rules, tracked and recorded. The floor runs beside the mesh, in turn; ratios are what
 * counts. `npm run bench:delivery -- --json`; ROUNDS and EVENTS change its length.
 */
const rounds = Number(process.env['ROUNDS'] ?? 5);
const events = Number(process.env['EVENTS'] ?? 20_000);
const latencySeconds = 6;
/** Events a request, and what is wanted of the floor's throughput. */
const shapes = [
  { name: 'single', size: 1, wanted: 0.6 },
  { name: 'hundred', size: 100, wanted: 0.5 },
] as const;

const servers = await startProcesses();
const publishers = { floor: createPublisher(servers.floor), mesh: createPublisher(servers.mesh) };
try {
  await prove(servers);
  const throughput = [];
  for (const shape of shapes) throughput.push(await compare(shape));
  const rate = Math.round((throughput[0]?.meshPerSecond ?? 0) / 10);
  const latency = await compareLatency(rate);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ rounds, events, throughput, latency }, null, 2));
  else {
    console.table(throughput);
    console.table([latency]);
  }
} finally {
  await Promise.all(Object.values(publishers).map((publisher) => publisher.close()));
  servers.stop();
}

/** Every event that is acknowledged reaches the target once, before anything is timed. */
async function prove({ sink }: BenchProcesses): Promise<void> {
  for (const [name, publisher] of Object.entries(publishers)) {
    await reset(sink, 'prove');
    const singles = Array.from({ length: 400 }, (_, index) => createEvent(`single-${index}`));
    const batch = Array.from({ length: 100 }, (_, index) => createEvent(`batch-${index}`));
    await publisher.all([...singles, `[${batch.join(',')}]`]);
    const count = await delivered(sink, 500);
    if (count.events !== 500 || count.distinct !== 500) throw new Error(`${name}: ${JSON.stringify(count)} of 500`);
  }
}

async function compare({ name, size, wanted }: (typeof shapes)[number]) {
  const bodies = Array.from({ length: Math.ceil(events / size) }, (_, request) => {
    const texts = Array.from({ length: size }, (_, index) => createEvent(`e${request}-${index}`));
    return size === 1 ? texts.join() : `[${texts.join(',')}]`;
  });
  const results = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const floor = await timed(publishers.floor, bodies, size);
    const mesh = await timed(publishers.mesh, bodies, size);
    if (round === 0) continue;
    results.push({ floor, mesh, ratio: mesh / floor });
    process.stderr.write(
      `${name}: floor ${floor.toFixed(0)}/s, mesh ${mesh.toFixed(0)}/s, ${(mesh / floor).toFixed(2)}\n`,
    );
  }
  const ratios = results.map(({ ratio }) => ratio).toSorted((one, other) => one - other);
  return {
    name,
    floorPerSecond: Math.round(median(results.map(({ floor }) => floor))),
    meshPerSecond: Math.round(median(results.map(({ mesh }) => mesh))),
    ratio: round2(median(ratios)),
    least: round2(ratios[0] ?? 0),
    most: round2(ratios.at(-1) ?? 0),
    wanted,
  };
}

/** Events a second, from the first request to the last delivery. */
async function timed(publisher: Publisher, bodies: readonly string[], size: number): Promise<number> {
  await reset(servers.sink, 'count');
  const started = performance.now();
  await publisher.all(bodies);
  const count = await delivered(servers.sink, bodies.length * size);
  const seconds = (performance.now() - started) / 1000;
  if (count.events !== bodies.length * size) throw new Error(`${count.events} of ${bodies.length * size} delivered`);
  return count.events / seconds;
}

/** From the moment at which an event was due to be published to its arrival at the target, in milliseconds. */
async function compareLatency(perSecond: number) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const floor = await latencies(publishers.floor, perSecond);
    const mesh = await latencies(publishers.mesh, perSecond);
    results.push({ floor, mesh, ratio: mesh.p99 / floor.p99 });
    process.stderr.write(`latency: floor ${JSON.stringify(floor)}, mesh ${JSON.stringify(mesh)}\n`);
  }
  const ratios = results.map(({ ratio }) => ratio).toSorted((one, other) => one - other);
  return {
    perSecond,
    floorP50: round2(median(results.map(({ floor }) => floor.p50))),
    meshP50: round2(median(results.map(({ mesh }) => mesh.p50))),
    floorP99: round2(median(results.map(({ floor }) => floor.p99))),
    meshP99: round2(median(results.map(({ mesh }) => mesh.p99))),
    p99Ratio: round2(median(ratios)),
    least: round2(ratios[0] ?? 0),
    most: round2(ratios.at(-1) ?? 0),
    wanted: 3,
  };
}

async function latencies(publisher: Publisher, perSecond: number): Promise<{ p50: number; p99: number }> {
  await reset(servers.sink, 'latency');
  let number = 0;
  const sent = await publisher.steadily(perSecond, latencySeconds, (dueAt) => createEvent(`t${dueAt}-${number++}`));
  await delivered(servers.sink, sent);
  const values = ((await (await fetch(`${servers.sink}/latencies`)).json()) as number[]).toSorted((a, b) => a - b);
  const at = (share: number): number => round2(values[Math.floor(values.length * share)] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

function round2(value: number): number {
  return Number(value.toFixed(2));
}
