import { fromObject, toObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import { withMarkOf } from '../../event/replay-mark.ts';
import type { Emitted } from '../../functions/compute/emitter.ts';
import { hopsOf } from '../../functions/compute/emitter.ts';
import type { StepContext } from '../../functions/transform/define-transformer.ts';
import type { Credentials } from '../connections/credentials.ts';
import type { PlannedEvent } from '../envelope.ts';
import { createFunctions, type FunctionScope } from '../functions/functions.ts';
import type { FunctionSupport } from '../functions/support.ts';
import type { Runtime } from '../ports/runtime.ts';
import { createSeededRandom } from '../seeded-random.ts';
import type { TargetPolicy } from '../sink.ts';

/**
 * Whether functions may reach the network. With `skip` only those of the bundle run, and a call that asks for the
 * network or for a secret counts as not made. With `none` nothing is called.
 */
export type FunctionMode = 'run' | 'skip' | 'none';

export interface TestedFunctionsOptions {
  readonly mode: FunctionMode;
  readonly support: FunctionSupport;
  readonly credentials: Credentials;
  readonly policy: TargetPolicy;
  readonly runtime: Runtime;
}

export interface TestedFunctions {
  /** For the steps of one rule on one event; `emitted` has what its functions would publish. */
  callsOf(
    scope: FunctionScope,
    planned: Pick<PlannedEvent, 'event' | 'receipt' | 'index'>,
    rule: string,
  ): { readonly call: NonNullable<StepContext['call']>; readonly emitted: readonly Emitted[] };
}

/** Functions whose events go nowhere, and whose log is silent. */
export function createTestedFunctions(options: TestedFunctionsOptions): TestedFunctions {
  const { mode, support, policy, runtime } = options;
  return {
    callsOf(scope, { event, receipt, index }, rule) {
      const emitted: Emitted[] = [];
      const asked: string[] = [];
      const refuse = (what: string) => (): Promise<never> => {
        asked.push(what);
        return Promise.reject(new TulleError('function_unavailable', `it asks for ${what}`));
      };
      const open = mode === 'run';
      const { service, lambda } = support;
      const functions = createFunctions({
        support: {
          bundle: support.bundle ?? [],
          ...(open && service !== undefined ? { service } : {}),
          ...(open && lambda !== undefined ? { lambda } : {}),
        },
        publish: async (_home, events) => void emitted.push(...events),
        credentials: open ? options.credentials : closedCredentials(refuse('a secret')),
        policy,
        runtime: open ? runtime : { ...runtime, fetch: refuse('the network') },
      });
      const random = createSeededRandom(`${receipt.id}/${index}/${rule}`);
      return {
        emitted,
        async call(name, object) {
          if (mode === 'none') throw new TulleError('function_unavailable', 'functions are not called for this key');
          const input = withMarkOf(event, fromObject(object));
          const before = emitted.length;
          asked.length = 0;
          try {
            const events = await functions.call(scope, name, input, { now: receipt.at, random, hops: hopsOf(event) });
            if (asked.length === 0) return events.map(toObject);
          } catch (error) {
            if (asked.length === 0) throw error;
          }
          // What it made without an answer is not what it makes of one.
          emitted.length = before;
          throw new TulleError('function_unavailable', `the function ${name} asks for ${asked.join()}`);
        },
      };
    },
  };
}

function closedCredentials(refuse: () => Promise<never>): Credentials {
  return { secretsOf: () => ({ get: refuse }), authorizeOf: () => refuse };
}
