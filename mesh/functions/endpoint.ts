import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { toBinary } from '../../event/http-binary.ts';
import { type HttpMessage, toBatch, toStructured } from '../../event/structured.ts';
import { hopsOf } from '../../functions/compute/emitter.ts';
import { outputBytesLimit } from '../../functions/compute/function-output.ts';
import { type Authenticator, type KeyLookup, type Principal, requireAccess } from '../authentication.ts';
import { createLimit } from '../concurrency.ts';
import type { EventMeter, Metered } from '../event-meter.ts';
import type { Runtime } from '../ports/runtime.ts';
import { cloudEventsProtocol } from '../protocols/cloudevents.ts';
import type { Limits } from '../protocols/protocol.ts';
import type { SnapshotSource } from '../snapshot-source.ts';
import type { Functions, FunctionScope } from './functions.ts';

export interface FunctionEndpointOptions {
  readonly functions: Functions;
  readonly snapshots: SnapshotSource;
  readonly authenticator: Authenticator;
  /** Asked only for a bus that does not exist. */
  readonly findKey: KeyLookup;
  readonly limits: Limits;
  readonly runtime: Runtime;
  /** Keeps tenants to their quotas. */
  readonly meter?: EventMeter | undefined;
}

/** Functions on their own, over HTTP: a CloudEvent in, CloudEvents out. `bus` is the one that they emit to by default. */
export interface FunctionEndpoint {
  readonly call: (request: Request, bus: string, name: string) => Promise<Response>;
  readonly list: (request: Request, bus: string) => Promise<Response>;
}

export function createFunctionEndpoint(options: FunctionEndpointOptions): FunctionEndpoint {
  const { functions, snapshots, authenticator, findKey, limits, runtime, meter } = options;

  async function open(
    request: Request,
    bus: string,
  ): Promise<{ principal: Principal; scope: FunctionScope & Metered }> {
    const lookup: KeyLookup = async (tenant, keyId) => {
      const compiled = await snapshots.get(tenant, bus);
      if (compiled === undefined) return findKey(tenant, keyId);
      return compiled.snapshot.keys.find((key) => key.id === keyId);
    };
    const principal = await authenticator.authenticate(request, lookup, { acceptOlder: true });
    requireAccess(principal, 'enter', bus);
    const compiled = await snapshots.get(principal.tenant, bus);
    if (compiled !== undefined) return { principal, scope: compiled.snapshot };
    throw new TulleError('bus_not_found', `There is no bus ${bus}.`, {
      mend: `Create it with PUT /v1/admin/buses/${bus}, or call the function on another bus.`,
    });
  }

  return {
    async call(request, bus, name) {
      const { principal, scope } = await open(request, bus);
      requireAccess(principal, 'publish', bus);
      if (!functions.list(scope).some((known) => known.name === name)) {
        throw new TulleError('not_found', 'There is no such function.', { mend: 'GET /v1/functions lists them.' });
      }
      meter?.check(scope);
      const { events, batch } = await cloudEventsProtocol.decode(request, { ...limits, batchEvents: batchLimit });
      meter?.take(scope, events.length);
      const limit = createLimit(callsAtOnce);
      const { now, random } = runtime;
      const answers = await Promise.all(
        events.map((event, index) =>
          limit(() => functions.call(scope, name, event, { now: now(), random, hops: hopsOf(event) })).catch(
            (error: unknown) => Promise.reject(batch ? placedAt(error, index) : error),
          ),
        ),
      );
      return toResponse(answers.flat(), modeOf(request, batch));
    },

    async list(request, bus) {
      const { scope } = await open(request, bus);
      return Response.json({ functions: functions.list(scope) });
    },
  };
}

/** Events in one request: they are all run before the answer. */
const batchLimit = 100;
/** A Worker's invocation has 6 connections. */
const callsAtOnce = 6;

type Mode = 'batch' | 'structured' | 'binary';

function modeOf({ headers }: Request, batch: boolean): Mode {
  if (batch) return 'batch';
  return /^application\/cloudevents/i.test(headers.get('content-type') ?? '') ? 'structured' : 'binary';
}

/** One event goes back as it came; several, and whatever a batch became, as a batch. */
function toResponse(events: readonly Event[], mode: Mode): Response {
  const [only] = events;
  if (only === undefined && mode !== 'batch') return new Response(null, { status: 204 });
  const message: HttpMessage =
    only === undefined || events.length > 1 || mode === 'batch'
      ? toBatch(events)
      : mode === 'structured'
        ? toStructured(only)
        : toBinary(only);
  const { headers, body } = message;
  if (typeof body === 'string' && body.length > outputBytesLimit) {
    throw new TulleError('too_large', `The answer would have more than ${outputBytesLimit} characters.`, {
      mend: 'Send fewer events in a batch.',
    });
  }
  return new Response(body, { headers: { ...headers, 'cache-control': 'no-store' } });
}

/** Which event of a batch it was, such as `/3/data/speed`. */
function placedAt(error: unknown, index: number): unknown {
  if (!TulleError.is(error)) return error;
  const { code, message, mend, retryAfter } = error;
  return new TulleError(code, message, {
    place: `/${index}${error.place ?? ''}`,
    cause: error,
    ...(mend === undefined ? {} : { mend }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}
