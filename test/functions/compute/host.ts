import { fromObject } from '../../../event/create.ts';
import { TulleError } from '../../../event/error.ts';
import type { Event } from '../../../event/event.ts';
import type { BundledFunction, FunctionContext, FunctionResult } from '../../../functions/compute/define-function.ts';
import type { Emitted } from '../../../functions/compute/emitter.ts';
import type { FunctionLogEntry } from '../../../functions/compute/function-log.ts';
import { type FunctionHost, type Invocation, prepareFunction } from '../../../functions/compute/run-function.ts';

/** Runs functions without a mesh: what they ask for is answered by the test, what they do is kept. */
export interface Bench {
  readonly published: Emitted[];
  readonly log: FunctionLogEntry[];
  readonly run: (definition: BundledFunction, event: unknown, more?: Partial<Invocation>) => Promise<unknown[]>;
}

export function createBench(host: Partial<FunctionHost> = {}, timeoutMs = 1_000): Bench {
  const published: Emitted[] = [];
  const log: FunctionLogEntry[] = [];
  const whole: FunctionHost = {
    fetch: () => Promise.reject(new Error('no network in this test')),
    secret: (name) => Promise.reject(new Error(`no secret ${name} in this test`)),
    publish: async (emitted) => void published.push(...emitted),
    log: (entry) => void log.push(entry),
    ...host,
  };
  return {
    published,
    log,
    async run(definition, event, more = {}) {
      const invocation = { now: Date.UTC(2026, 10, 21, 12), random: () => 0.25, hops: 0, ...more };
      const events = await prepareFunction(definition)(toEvent(event), { host: whole, invocation, timeoutMs });
      return events.map(({ json }) => JSON.parse(json) as unknown);
    },
  };
}

/** A function that does `work`. */
export function functionOf(
  work: (event: never, context: FunctionContext) => FunctionResult | Promise<FunctionResult>,
  more: Partial<BundledFunction> = {},
): BundledFunction {
  return { name: 'worker', ...more, handler: (event, context) => work(event as never, context) };
}

export function toEvent(changes: unknown = {}): Event {
  return fromObject({ specversion: '1.0', id: 'e1', source: '/cars', type: 'car.moved', ...(changes as object) });
}

/** What a promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<TulleError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TulleError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}
