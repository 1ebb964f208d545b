import { fromObject } from '../../event/create.ts';
import type { BundledFunction, FunctionEvent, FunctionOutput } from './define-function.ts';
import type { FunctionLogEntry } from './function-log.ts';
import { prepareFunction } from './run-function.ts';

/** What stands in for the platform while a function is tried. */
export interface TryOptions {
  /** What `secrets.get` answers; it rejects for every other name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What `fetch` answers; without it every request fails. */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Response | Promise<Response>;
  /** When the event was accepted, in milliseconds since the epoch; default 2026-01-01T00:00:00Z. */
  readonly now?: number;
  /** Default: always 0.5. */
  readonly random?: () => number;
}

/** What became of an event that a function was tried with. */
export interface Tried {
  /** What it answered, as it goes on; none where it dropped the event. */
  readonly events: readonly FunctionEvent[];
  readonly emitted: readonly { readonly event: FunctionEvent; readonly bus?: string }[];
  readonly log: readonly FunctionLogEntry[];
}

/**
 * Calls a function as the mesh does, without a mesh: the event and the answer are checked, what is missing of the
 * answer comes from the input. For tests of your functions. What is missing of the event is filled in.
 * @throws TulleError `step_failed`, `function_unavailable`, as the step would fail
 */
export async function tryFunction(
  definition: BundledFunction,
  event: FunctionOutput,
  { secrets = {}, fetch, now = Date.UTC(2026, 0, 1), random = () => 0.5 }: TryOptions = {},
): Promise<Tried> {
  const emitted: { event: FunctionEvent; bus?: string }[] = [];
  const log: FunctionLogEntry[] = [];
  const input = fromObject({ specversion: '1.0', id: '1', source: '/test', type: 'test', ...event });
  const events = await prepareFunction(definition)(input, {
    host: {
      fetch: async (url, init) => {
        if (fetch === undefined) throw new TypeError('There is no network in a test: give it as `fetch`.');
        return fetch(url, init);
      },
      secret: async (name) => {
        const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
        if (secret === undefined) throw new TypeError(`The secret ${name} is not given to the test.`);
        return secret;
      },
      publish: async (all) => {
        for (const { event, bus } of all)
          emitted.push({ event: toPlain(event), ...(bus === undefined ? {} : { bus }) });
      },
      log: (entry) => void log.push(entry),
    },
    invocation: { now, random, hops: 0 },
    timeoutMs: 10_000,
  });
  return { events: events.map(toPlain), emitted, log };
}

function toPlain({ json }: { readonly json: string }): FunctionEvent {
  return JSON.parse(json) as FunctionEvent;
}
