import { setTimeout } from 'node:timers/promises';
import type { FunctionLogEntry } from '../../functions/compute/function-log.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import type { Outbound } from '../node/outbound.ts';

/** A runtime whose work behind the answers can be waited for: Lambda freezes a function as soon as it has answered. */
export interface LambdaRuntime extends Runtime {
  /** Resolves when nothing is left that was begun. */
  settled(): Promise<void>;
}

export function createLambdaRuntime({ allowPrivateTargets }: { readonly allowPrivateTargets: boolean }): LambdaRuntime {
  const working = new Set<Promise<unknown>>();
  // Who only publishes does not load the client. It dials no private address, such as Lambda's own API at 127.0.0.1.
  let outbound: Outbound | undefined;
  async function open(): Promise<Outbound> {
    const { createOutbound } = await import('../node/outbound.ts');
    outbound ??= createOutbound({ allowPrivateTargets });
    return outbound;
  }
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    fetch: async (request) => (await open()).fetch(request),
    post: async (request) => (await open()).post(request),
    pause: (milliseconds) => setTimeout(milliseconds),
    waitUntil(work) {
      const watched = work
        .catch((error: unknown) => report('work behind an answer failed', error))
        .finally(() => working.delete(watched));
      working.add(watched);
    },
    async settled() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

/** Standard error, which is in CloudWatch Logs. */
export function report(message: string, error: unknown): void {
  // oxlint-disable-next-line no-console -- this file is the one that writes to it
  console.error(message, error);
}

/** One line of JSON. */
export function logFunction({ level, ...entry }: FunctionLogEntry): void {
  // oxlint-disable-next-line no-console -- this file is the one that writes to it
  console[level](JSON.stringify({ level, ...entry }));
}
