import autocannon from 'autocannon';
import { createEvent } from './mesh/data.ts';
import { type BenchServer, startWorkerd } from './mesh/workerd.ts';

/**
 * How much of the machine's durable append speed is left when every event is also authenticated, checked, matched
 * against 100 rules and delivered. The floor runs beside the mesh, in turn, in one workerd; ratios are what counts.
 */
const adminKey = 'admin-key-of-the-mesh-bench';
const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 5);
const connections = 32;

/** Events a second. For single posts both floors do the same. */
interface Round {
  /** Appends the same events. */
  readonly floor: number;
  /** Appends the same bytes, as one thing. */
  readonly bytesFloor: number;
  readonly mesh: number;
  /** From the last answer to the last delivery, in milliseconds. */
  readonly backlogMs: number;
}

const server = await startWorkerd(adminKey);
try {
  await prove(server);
  const single = await compare(server, [createEvent('single')]);
  const hundred = await compare(
    server,
    Array.from({ length: 100 }, (_, index) => createEvent(`batch-${index + 100}`)),
  );
  print({ single, hundred });
} finally {
  server.stop();
}

/** Every event that is accepted reaches the target once, whole, before anything is timed. */
async function prove({ mesh, sink }: BenchServer): Promise<void> {
  await fetch(`${sink}/reset`, { method: 'POST' });
  const headers = { authorization: `Bearer ${adminKey}` };
  const posts = Array.from({ length: 500 }, (_, index) =>
    fetch(`${mesh}/v1/events`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/cloudevents+json' },
      body: createEvent(`proof-${index}`),
    }),
  );
  const batch = Array.from({ length: 100 }, (_, index) => createEvent(`proof-batch-${index}`));
  posts.push(
    fetch(`${mesh}/v1/events`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/cloudevents-batch+json' },
      body: `[${batch.join(',')}]`,
    }),
  );
  for (const response of await Promise.all(posts)) {
    const body = (await response.json()) as { events?: { matched: number }[] };
    if (response.status !== 202 || body.events?.some((event) => event.matched !== 1) !== false) {
      throw new Error(`the mesh answered ${response.status} ${JSON.stringify(body).slice(0, 500)}`);
    }
  }
  const { events, distinct } = await drained(sink, 600);
  if (events !== 600 || distinct !== 600)
    throw new Error(`600 events accepted, ${events} delivered, ${distinct} distinct`);
}

/** All texts are of one length: the target counts by it. */
async function compare(server: BenchServer, texts: readonly string[]): Promise<Round[]> {
  const events = texts.length;
  const eventBytes = texts[0]?.length ?? 0;
  const body = events === 1 ? texts.join() : `[${texts.join(',')}]`;
  const contentType = `application/cloudevents${events === 1 ? '' : '-batch'}+json`;
  const results: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const bytesFloor = await load(`${server.floor}/floor`, body, contentType);
    const floor = events === 1 ? bytesFloor : await load(`${server.floor}/floor-events`, body, contentType);
    await fetch(`${server.sink}/reset?eventBytes=${eventBytes}`, { method: 'POST' });
    const mesh = await load(`${server.mesh}/v1/events`, body, contentType);
    const started = performance.now();
    const accepted = mesh.requests * events;
    const { events: delivered } = await drained(server.sink, accepted);
    // What was under way when the load ended was accepted too, but its answer was not waited for.
    if (delivered < accepted || delivered > accepted + connections * events) {
      throw new Error(`${accepted} events accepted, ${delivered} delivered`);
    }
    const backlogMs = performance.now() - started;
    const result = {
      floor: (floor.requests * events) / floor.seconds,
      bytesFloor: (bytesFloor.requests * events) / bytesFloor.seconds,
      // Single posts are compared by what is accepted while earlier ones are delivered, batches by what has arrived.
      mesh: accepted / (mesh.seconds + (events === 1 ? 0 : backlogMs / 1000)),
      backlogMs,
    };
    results.push(result);
    process.stderr.write(
      `${events} a request: floor ${result.floor.toFixed(0)}/s, mesh ${result.mesh.toFixed(0)}/s, ratio ${(result.mesh / result.floor).toFixed(2)}\n`,
    );
  }
  return results;
}

async function load(url: string, body: string, contentType: string): Promise<{ requests: number; seconds: number }> {
  const result = await autocannon({
    url,
    method: 'POST',
    connections,
    duration: seconds,
    headers: { 'content-type': contentType, authorization: `Bearer ${adminKey}` },
    body,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} errors`);
  return { requests: result['2xx'], seconds: result.duration };
}

/** Waits until the target has as many events as were accepted, and a moment more for any that should not come. */
async function drained(sink: string, expected: number): Promise<{ events: number; distinct: number }> {
  for (let attempt = 0; attempt < 3_000; attempt++) {
    const count = (await (await fetch(`${sink}/count`)).json()) as { events: number; distinct: number };
    if (count.events >= expected) return count;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the target did not get ${expected} events within 30 s`);
}

function print(result: { single: Round[]; hundred: Round[] }): void {
  const summary = Object.fromEntries(
    Object.entries(result).map(([name, results]) => [
      name,
      {
        floorPerSecond: Math.round(median(results.map((round) => round.floor))),
        meshPerSecond: Math.round(median(results.map((round) => round.mesh))),
        bytesFloorPerSecond: Math.round(median(results.map((round) => round.bytesFloor))),
        backlogMs: Math.round(median(results.map((round) => round.backlogMs))),
        ratio: Number(median(results.map((round) => round.mesh / round.floor)).toFixed(3)),
      },
    ]),
  );
  if (process.argv.includes('--json'))
    console.log(JSON.stringify({ connections, seconds, rounds, ...summary }, null, 2));
  else console.table(summary);
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
