import { parentPort, workerData } from 'node:worker_threads';
import { simulate } from './simulate.ts';

export interface Task {
  /** The next seed, shared by all workers. */
  readonly next: Int32Array<SharedArrayBuffer>;
  readonly end: number;
}

/** What one worker found. */
export interface Share {
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  readonly virtualMs: number;
}

// Nobody reads where the simulated failures came from, and to find that out is most of what they cost.
Error.stackTraceLimit = 0;

const { next, end } = workerData as Task;
const failed: Share['failed'][number][] = [];
let virtualMs = 0;
for (let seed = take(); seed < end; seed = take()) {
  const result = await simulate(seed);
  virtualMs += result.virtualMs;
  if (result.violations.length > 0) failed.push({ seed, violations: result.violations });
}
parentPort?.postMessage({ failed, virtualMs } satisfies Share, []);

function take(): number {
  return Atomics.add(next, 0, 1);
}
