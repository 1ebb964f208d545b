import { readFileSync } from 'node:fs';
import { createEvent } from './delivery/event.ts';
import { createPublisher, delivered, type Publisher, reset } from './delivery/load.ts';
import { adminKey, startProcesses } from './delivery/processes.ts';

/**
 * What deduplication costs on Node: the same events to a bus with and a bus without it, in turn, from the first request
 * to the last delivery; then the first bus's again, which are all left out. ROUNDS and EVENTS change its length.
 */
const rounds = Number(process.env['ROUNDS'] ?? 5);
const events = Number(process.env['EVENTS'] ?? 20_000);

const servers = await startProcesses();
const buses = { without: await createBus('without', {}), with: await createBus('with', { deduplication: {} }) };
try {
  for (const size of [1, 100]) {
    const results: Record<'without' | 'with' | 'again', Cost>[] = [];
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const bodies = createBodies(`${size}-${round}`, size);
      const without = await timed(buses.without, bodies);
      const once = await timed(buses.with, bodies);
      const again = await timedAgain(buses.with, bodies);
      if (round > 0) results.push({ without, with: once, again });
    }
    const of = (name: 'without' | 'with' | 'again', figure: keyof Cost): number =>
      median(results.map((result) => result[name][figure]));
    console.table(
      (['without', 'with', 'again'] as const).map((name) => ({
        size,
        name,
        perSecond: of(name, 'perSecond'),
        processorMicroseconds: of(name, 'processorMicroseconds'),
      })),
    );
  }
} finally {
  await Promise.all(Object.values(buses).map((publisher) => publisher.close()));
  servers.stop();
}

async function createBus(bus: string, settings: object): Promise<Publisher> {
  const base = new URL(servers.mesh).origin;
  const rule = { filter: { pattern: { source: ['/shop'] } }, targets: [{ name: 'sink', http: { url: servers.sink } }] };
  for (const [path, body] of [
    [bus, settings],
    [`${bus}/rules/all`, rule],
  ] as const) {
    const response = await fetch(`${base}/v1/admin/buses/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
  return createPublisher(`${base}/v1/buses/${bus}/events`);
}

function createBodies(name: string, size: number): string[] {
  return Array.from({ length: Math.ceil(events / size) }, (_, request) => {
    const texts = Array.from({ length: size }, (_, index) => createEvent(`${name}-${request}-${index}`));
    return size === 1 ? texts.join() : `[${texts.join(',')}]`;
  });
}

interface Cost {
  /** Events. */
  readonly perSecond: number;
  /** Of the mesh's process, an event: other programs change it less than the time that passes. */
  readonly processorMicroseconds: number;
}

/** Until all are delivered: each once. */
async function timed(publisher: Publisher, bodies: readonly string[]): Promise<Cost> {
  return measured(async () => {
    await publisher.all(bodies);
    const { events: count, distinct } = await delivered(servers.sink, events);
    if (count !== events || distinct !== events) throw new Error(`${count} delivered, ${distinct} distinct`);
  });
}

/** Until all are answered: none may be delivered. */
async function timedAgain(publisher: Publisher, bodies: readonly string[]): Promise<Cost> {
  const cost = await measured(() => publisher.all(bodies));
  const { events: count } = await delivered(servers.sink, 0);
  if (count > 0) throw new Error(`${count} duplicates were delivered`);
  return cost;
}

async function measured(work: () => Promise<void>): Promise<Cost> {
  await reset(servers.sink, 'prove');
  const before = processorMs(servers.meshPid);
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const processor = (processorMs(servers.meshPid) - before) * 1000;
  return { perSecond: Math.round(events / seconds), processorMicroseconds: Math.round(processor / events) };
}

/** User and system time of a process and all its threads (proc(5): fields 14 and 15, in hundredths of a second). */
function processorMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const values = fields.split(' ');
  return (Number(values[11]) + Number(values[12])) * 10;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
