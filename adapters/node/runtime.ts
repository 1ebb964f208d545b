import { setTimeout } from 'node:timers/promises';
import type { FunctionLogEntry } from '../../functions/compute/function-log.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import type { Outbound } from './outbound.ts';

export function createNodeRuntime({ fetch, post }: Outbound): Runtime {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    fetch,
    post,
    pause: (milliseconds) => setTimeout(milliseconds),
    waitUntil: (work) => void work.catch((error: unknown) => report('work behind an answer failed', error)),
  };
}

/** Standard error, where containers' logs are collected. */
export function report(message: string, error: unknown): void {
  // oxlint-disable-next-line no-console -- this file is the one that writes to it
  console.error(message, error);
}

/** One line of JSON. */
export function logFunction({ level, ...entry }: FunctionLogEntry): void {
  // oxlint-disable-next-line no-console -- this file is the one that writes to it
  console[level](JSON.stringify({ level, ...entry }));
}
