import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

/**
 * `npm run test:connectors:simulation [-- --seeds 20000 --from 0]`: 20 workers and 200 tasks in each, on all processors;
 * the last line is `N passed, N failed`. `node test/connectors/simulation/main.ts --seed N` runs one again.
 */
interface Share {
  readonly failed: readonly { readonly seed: number; readonly violation: string }[];
  readonly kills: number;
  readonly freezes: number;
  readonly published: number;
}

if (isMainThread) await main();
else parentPort?.postMessage(await run(workerData as { first: number; step: number; end: number }), []);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '20000' },
      from: { type: 'string', default: '0' },
    },
  });
  if (values.seed !== undefined) {
    const { violations } = await simulate(Number(values.seed), { trace: (line) => console.log(line) });
    for (const violation of violations) console.log(`VIOLATION: ${violation}`);
    process.exitCode = violations.length === 0 ? 0 : 1;
    return;
  }
  const started = performance.now();
  const [from, count] = [Number(values.from), Number(values.seeds)];
  const step = availableParallelism();
  const shares = await Promise.all(
    Array.from({ length: step }, (_, index) => runElsewhere({ first: from + index, step, end: from + count })),
  );
  const failed = shares.flatMap((share) => share.failed);
  for (const { seed, violation } of failed.slice(0, 20)) {
    console.log(`seed ${seed}: ${violation}\n  node test/connectors/simulation/main.ts --seed ${seed}`);
  }
  const sum = (read: (share: Share) => number): number => shares.reduce((total, share) => total + read(share), 0);
  console.log(
    `${count} seeds from ${from} in ${((performance.now() - started) / 1000).toFixed(0)} s: ` +
      `${sum(({ kills }) => kills)} kills, ${sum(({ freezes }) => freezes)} freezes, ` +
      `${sum(({ published }) => published)} records published`,
  );
  console.log(`${count - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function runElsewhere(share: { first: number; step: number; end: number }): Promise<Share> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function run({ first, step, end }: { first: number; step: number; end: number }): Promise<Share> {
  // Nobody reads where the simulated failures came from.
  Error.stackTraceLimit = 0;
  const failed: { seed: number; violation: string }[] = [];
  let [kills, freezes, published] = [0, 0, 0];
  for (let seed = first; seed < end; seed += step) {
    const result = await simulate(seed);
    kills += result.kills;
    freezes += result.freezes;
    published += result.published;
    const [violation] = result.violations;
    if (violation !== undefined) failed.push({ seed, violation });
  }
  return { failed, kills, freezes, published };
}
