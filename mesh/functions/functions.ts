import { TulleError } from '../../event/error.ts';
import { parseJson } from '../../event/parse-json.ts';
import type { Event } from '../../event/event.ts';
import { withDeadline } from '../../functions/compute/deadline.ts';
import { hopsOf } from '../../functions/compute/emitter.ts';
import { toFunctionError } from '../../functions/compute/function-error.ts';
import { createFunctionLog } from '../../functions/compute/function-log.ts';
import { toEvents } from '../../functions/compute/function-output.ts';
import { prepareFunction, type FunctionHost, type Invocation } from '../../functions/compute/run-function.ts';
import type { Credentials, CredentialScope } from '../connections/credentials.ts';
import { checkTargetUrl } from '../delivery/guard.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { TargetPolicy } from '../sink.ts';
import type { Snapshot } from '../snapshot.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { callOverHttp } from './http-function.ts';
import type { Publish } from './publish.ts';
import { defaultSettings, type FunctionPlace, type FunctionSettings } from './settings.ts';
import type { FunctionSupport } from './support.ts';

export interface FunctionsOptions {
  readonly support: FunctionSupport;
  readonly publish: Publish;
  readonly credentials: Credentials;
  readonly policy: TargetPolicy;
  readonly runtime: Runtime;
}

/** The functions of a tenant as one of its buses knows them: those of the bundle, and what its documents configure. */
export interface Functions {
  /**
   * Runs a function on an event, wherever it runs, and answers what it makes of it: valid events, or none.
   * Rejects with TulleError `step_failed`, or `function_unavailable` when a later attempt may succeed.
   */
  call(scope: FunctionScope, name: string, event: Event, invocation: Invocation): Promise<readonly Event[]>;
  list(scope: FunctionScope): readonly FunctionSummary[];
}

/** A bus's snapshot. */
export type FunctionScope = Pick<Snapshot, 'tenant' | 'bus' | 'functions'> & CredentialScope;

export interface FunctionSummary {
  readonly name: string;
  readonly description?: string;
  /** `bundle`, `service`, `lambda` or `http`: what stands behind the last is told to admins only. */
  readonly runs: string;
}

export function createFunctions({ support, publish, credentials, policy, runtime }: FunctionsOptions): Functions {
  const { bundle = [], service, lambda, log = () => undefined } = support;
  const bundled = new Map(bundle.map((definition) => [definition.name, prepareFunction(definition)]));
  const descriptions = new Map(bundle.map(({ name, description }) => [name, description]));

  function find(scope: FunctionScope, name: string): FunctionSettings | undefined {
    const configured = scope.functions?.find((candidate) => candidate.name === name);
    return configured ?? (bundled.has(name) ? defaultSettings(name) : undefined);
  }

  async function secretOf(scope: FunctionScope, name: string): Promise<string> {
    const secret = await credentials.secretsOf(scope).get(name);
    if (secret !== undefined) return secret;
    // Whoever stores it mends every event that waits.
    throw new TulleError('function_unavailable', `the secret ${name} is not stored`, { mend: 'Store the secret.' });
  }

  function hostOf(scope: FunctionScope, { name, secrets: granted }: FunctionSettings): FunctionHost {
    return {
      fetch: createGuardedFetch({ runtime, policy }),
      async secret(secret) {
        if (granted.includes(secret)) return secretOf(scope, secret);
        throw new TulleError('step_failed', 'it asked for a secret that it was not granted', {
          mend: `Name the secret under secrets in the document of the function ${name}.`,
        });
      },
      publish: (emitted) => publish(scope, emitted),
      log,
    };
  }

  async function callElsewhere(
    scope: FunctionScope,
    place: Exclude<FunctionPlace, 'bundle'>,
    event: Event,
    signal: AbortSignal,
  ): Promise<readonly Event[]> {
    const { now } = runtime;
    if ('lambda' in place) {
      if (lambda === undefined) throw notHere('this platform cannot invoke Lambdas');
      return toEvents(parseAnswer(await lambda.invoke(place.lambda, event.json, signal)), event);
    }
    if ('service' in place) {
      const worker = service?.(place.service);
      if (worker === undefined) throw notHere('there is no such service binding');
      const fetch = (request: Request): Promise<Response> => worker.fetch(request);
      return callOverHttp(event, { ...place, url: 'https://function.internal/', fetch, signal, now });
    }
    checkTargetUrl(place.http, policy);
    const signingKey = place.signing === undefined ? undefined : await secretOf(scope, place.signing);
    const { connection } = place;
    return callOverHttp(event, {
      ...place,
      url: place.http,
      signingKey,
      fetch: runtime.fetch,
      ...(connection === undefined
        ? {}
        : { authorize: (request) => credentials.authorizeOf(scope)(connection, request) }),
      signal,
      now,
    });
  }

  return {
    async call(scope, name, event, invocation) {
      const settings = find(scope, name);
      // Admission knows the functions of every rule: this one left the bundle, or has not arrived yet.
      if (settings === undefined) throw notHere(`there is no function ${name.slice(0, 64)} now`);
      const { runs, timeoutSeconds } = settings;
      if (runs === 'bundle') {
        const run = bundled.get(name);
        if (run === undefined) throw notHere(`there is no function ${name} in the bundle now`);
        const hops = Math.max(invocation.hops, hopsOf(event));
        const host = hostOf(scope, settings);
        return run(event, { host, invocation: { ...invocation, hops }, timeoutMs: timeoutSeconds * 1000 });
      }
      try {
        return await withDeadline(timeoutSeconds * 1000, (signal) => callElsewhere(scope, runs, event, signal));
      } catch (error) {
        throw toFunctionError(name, error, createFunctionLog(name, event.attributes.id, log));
      }
    },

    list(scope) {
      const names = new Set([...bundled.keys(), ...(scope.functions ?? []).map(({ name }) => name)]);
      return Array.from(names, (name) => {
        const { runs, description = descriptions.get(name) } = find(scope, name) ?? defaultSettings(name);
        const where = runs === 'bundle' ? runs : (Object.keys(runs).find((key) => places.has(key)) ?? '');
        return { name, ...(description === undefined ? {} : { description }), runs: where };
      });
    },
  };
}

const places: ReadonlySet<string> = new Set(['service', 'lambda', 'http']);

function parseAnswer(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new TulleError('step_failed', 'its answer is not JSON', { cause });
  }
}

function notHere(message: string): TulleError {
  return new TulleError('function_unavailable', message, {
    mend: 'Deploy the function, or correct where its document says that it runs.',
  });
}
