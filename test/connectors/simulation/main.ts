import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseArgs } from 'node:util';
import { fullSize, sizeOf } from './size.ts';
import { simulate } from './simulate.ts';

/**
 * `npm run test:connectors:simulation [-- --seeds 20000 --from 0 --full-every 10 --jobs 2]`: every tenth seed has 20
 * workers and 200 tasks, the others fewer of both, as chance has it; `--full-every 1` for all of them. The last line is
 * `N passed, N failed`. `node test/connectors/simulation/main.ts --seed N` runs one again.
 */
interface Share {
  readonly failed: readonly { readonly seed: number; readonly violation: string }[];
  readonly kills: number;
  readonly freezes: number;
  readonly published: number;
  readonly full: number;
}

interface Range {
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly fullEvery: number;
}

if (isMainThread) await main();
else parentPort?.postMessage(await run(workerData as Range), []);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '20000' },
      from: { type: 'string', default: '0' },
      'full-every': { type: 'string', default: '10' },
      jobs: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const fullEvery = Number(values['full-every']);
  if (values.seed !== undefined) {
    const seed = Number(values.seed);
    const { violations } = await simulate(seed, { ...sizeOf(seed, fullEvery), trace: (line) => console.log(line) });
    for (const violation of violations) console.log(`VIOLATION: ${violation}`);
    process.exitCode = violations.length === 0 ? 0 : 1;
    return;
  }
  const started = performance.now();
  const [from, count] = [Number(values.from), Number(values.seeds)];
  const step = Number(values.jobs);
  const shares = await Promise.all(
    Array.from({ length: step }, (_, index) =>
      runElsewhere({ first: from + index, step, end: from + count, fullEvery }),
    ),
  );
  const failed = shares.flatMap((share) => share.failed);
  for (const { seed, violation } of failed.slice(0, 20)) {
    console.log(
      `seed ${seed}: ${violation}\n  node test/connectors/simulation/main.ts --seed ${seed} --full-every ${fullEvery}`,
    );
  }
  const sum = (read: (share: Share) => number): number => shares.reduce((total, share) => total + read(share), 0);
  console.log(
    `${count} seeds from ${from} in ${((performance.now() - started) / 1000).toFixed(0)} s: ` +
      `${sum(({ full }) => full)} with 20 workers and 200 tasks; ${sum(({ kills }) => kills)} kills, ${sum(({ freezes }) => freezes)} freezes, ` +
      `${sum(({ published }) => published)} records published`,
  );
  console.log(`${count - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function runElsewhere(share: Range): Promise<Share> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function run({ first, step, end, fullEvery }: Range): Promise<Share> {
  // Nobody reads where the simulated failures came from.
  Error.stackTraceLimit = 0;
  const failed: { seed: number; violation: string }[] = [];
  let [kills, freezes, published, full] = [0, 0, 0, 0];
  for (let seed = first; seed < end; seed += step) {
    const size = sizeOf(seed, fullEvery);
    const result = await simulate(seed, size);
    if (size === fullSize) full += 1;
    kills += result.kills;
    freezes += result.freezes;
    published += result.published;
    const [violation] = result.violations;
    if (violation !== undefined) failed.push({ seed, violation });
  }
  return { failed, kills, freezes, published, full };
}
