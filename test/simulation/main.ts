import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { simulate } from './simulate.ts';
import type { Share, Task } from './worker.ts';

/**
 * `npm run test:simulation [-- --seeds 50000 --from 0 --processors 2]`: many seeds on all processors; the last line is
 * `N passed, N failed`. `node test/simulation/main.ts --seed N` runs one of them again and prints what happened.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '50000' },
    from: { type: 'string', default: '0' },
    processors: { type: 'string', default: String(availableParallelism()) },
  },
});

if (values.seed === undefined) await runAll(Number(values.from), Number(values.seeds));
else await replay(Number(values.seed));

async function replay(seed: number): Promise<void> {
  const { violations, hash } = await simulate(seed, { trace: (line) => console.log(line) });
  console.log(`seed ${seed}, history ${hash.toString(16)}`);
  for (const violation of violations) console.log(`VIOLATION: ${violation}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}

async function runAll(from: number, count: number): Promise<void> {
  const started = performance.now();
  const processors = Number(values.processors);
  // Whoever is done takes the next one: seeds differ a hundredfold, and so may processors.
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)).fill(from);
  const shares = await Promise.all(Array.from({ length: processors }, () => run({ next, end: from + count })));
  const seconds = (performance.now() - started) / 1000;
  const failed = shares.flatMap((share) => share.failed).sort((one, other) => one.seed - other.seed);
  for (const { seed, violations } of failed.slice(0, 20)) {
    console.log(`seed ${seed}: ${violations[0]}\n  node test/simulation/main.ts --seed ${seed}`);
  }
  const virtualDays = shares.reduce((sum, share) => sum + share.virtualMs, 0) / 86_400_000;
  console.log(
    `${count} seeds from ${from} in ${seconds.toFixed(1)} s on ${processors} processors: ` +
      `${Math.round(count / seconds)} a second, ${Math.round(virtualDays)} days of virtual time`,
  );
  console.log(`${count - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function run(workerData: Task): Promise<Share> {
  return new Promise((resolve, reject) => {
    // Most of what a run makes is garbage at its end: with room for it, collecting costs a tenth.
    const resourceLimits = { maxYoungGenerationSizeMb: 192 };
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'), { workerData, resourceLimits });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
