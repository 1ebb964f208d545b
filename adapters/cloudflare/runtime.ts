import { waitUntil } from 'cloudflare:workers';
import type { FunctionLogEntry } from '../../functions/compute/function-log.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';

/** The Workers runtime. `Date.now()` stands still between I/O there, which is as exact as anyone can know it. */
export const workerRuntime: Runtime = {
  now: () => Date.now(),
  random: () => Math.random(),
  fetch: (request) => fetch(request),
  pause: (milliseconds) => scheduler.wait(milliseconds),
  waitUntil: (work) => waitUntil(work.catch((error: unknown) => report('work behind an answer failed', error))),
};

/** The Worker's log, where operators look (`wrangler tail`). */
export function report(message: string, error: unknown): void {
  // oxlint-disable-next-line no-console -- this file is the one that writes to it
  console.error(message, error);
}

/** One line as an object: Workers Logs makes its members searchable. */
export function logFunction({ level, ...entry }: FunctionLogEntry): void {
  // oxlint-disable-next-line no-console -- this file is the one that writes to it
  console[level](entry);
}
