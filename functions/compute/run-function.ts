import { toObject } from '../../event/create.ts';
import type { Event } from '../../event/event.ts';
import { createDataCheck, type DataCheck } from './check-data.ts';
import { withDeadline } from './deadline.ts';
import type { BundledFunction, FunctionEvent } from './define-function.ts';
import { createEmitter, type Emitted } from './emitter.ts';
import { toFunctionError } from './function-error.ts';
import { createFunctionLog, type FunctionLogEntry } from './function-log.ts';
import { toEvents } from './function-output.ts';

/** What one call of a function in the bundle may use of the platform. */
export interface FunctionHost {
  readonly fetch: (
    input: string | URL | Request,
    init: RequestInit | undefined,
    signal: AbortSignal,
  ) => Promise<Response>;
  /** A secret that the function was granted. Rejects with TulleError. */
  readonly secret: (name: string) => Promise<string>;
  /** Puts into the queue what the handler emitted; all of it, or it rejects. */
  readonly publish: (emitted: readonly Emitted[]) => Promise<void>;
  readonly log: (entry: FunctionLogEntry) => void;
}

/** What is the same for every attempt of an event. */
export interface Invocation {
  /** When the event was accepted, in milliseconds since the epoch. */
  readonly now: number;
  readonly random: () => number;
  /** How often what led to this event went through `emit`. */
  readonly hops: number;
}

/** A function in the bundle, with its schema made ready when it is first called. */
export type RunFunction = (
  event: Event,
  options: { readonly host: FunctionHost; readonly invocation: Invocation; readonly timeoutMs: number },
) => Promise<readonly Event[]>;

/**
 * Makes a function ready to be run. A run rejects with TulleError `step_failed` when the event does not fit, the handler
 * throws or answers what is no event; `function_unavailable` when a later attempt may succeed.
 */
export function prepareFunction(definition: BundledFunction): RunFunction {
  const { name, schema } = definition;
  let check: DataCheck | undefined;

  return async (event, { host, invocation, timeoutMs }) => {
    const log = createFunctionLog(name, event.attributes.id, host.log);
    const emitter = createEmitter(event, invocation.hops);
    const answer = async (signal: AbortSignal): Promise<unknown> => {
      // An own copy: the handler may change it.
      const input = { ...toObject(event) } as unknown as FunctionEvent;
      if (schema !== undefined) (check ??= createDataCheck(schema))(input.data);
      return definition.handler(input, {
        log,
        secrets: { get: (secret) => host.secret(secret) },
        fetch: (url, init) => host.fetch(url, init, signal),
        emit: emitter.emit,
        signal,
        now: invocation.now,
        random: invocation.random,
      });
    };
    try {
      const events = toEvents(await withDeadline(timeoutMs, answer), event);
      const emitted = emitter.collect();
      if (emitted.length > 0) await host.publish(emitted);
      return events;
    } catch (error) {
      throw toFunctionError(name, error, log);
    } finally {
      emitter.close();
    }
  };
}
