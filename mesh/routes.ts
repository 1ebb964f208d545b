import type { Audit } from './audit.ts';
import { readBooks } from './bus-books.ts';
import { createBusAccess } from './bus-access.ts';
import { createDeadLetterEndpoint } from './dead-letters/endpoint.ts';
import { answerHandshake } from './delivery/handshake.ts';
import { createFunctionEndpoint } from './functions/endpoint.ts';
import type { Functions } from './functions/functions.ts';
import { createIngress, type IngressOptions } from './ingress.ts';
import type { DeadLetters } from './ports/dead-letters.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Replays } from './ports/replays.ts';
import { createReplayEndpoint } from './replay/endpoint.ts';
import type { Route } from './route.ts';
import { readTargets } from './targets.ts';
import { createTraceEndpoint } from './trace/endpoint.ts';

export interface MeshRouteOptions extends IngressOptions {
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  /** Absent where the queue keeps no archives. */
  readonly replays?: Replays | undefined;
  readonly functions: Functions;
  readonly audit: Audit;
}

export interface MeshRoute extends Route {
  /** `bus` is the one in the address, or `default`; `name` what the address names on it. It asks for the key itself. */
  readonly handler: (request: Request, bus: string, name: string) => Response | Promise<Response>;
}

/** Everything that the data plane answers. What each takes and gives is in `operations.ts`. */
export function createMeshRoutes(options: MeshRouteOptions): readonly MeshRoute[] {
  const { ledger } = options;
  const openBus = createBusAccess(options);
  const publish = createIngress(options);
  const functions = createFunctionEndpoint(options);
  const trace = createTraceEndpoint({ ...options, openBus });
  const letters = createDeadLetterEndpoint({ ...options, openBus });
  const replays = createReplayEndpoint({ ...options, openBus });

  const handshake = (request: Request): Response =>
    new Response(null, { status: 204, headers: answerHandshake(request.headers) });

  async function targets(request: Request, bus: string): Promise<Response> {
    const { principal, compiled } = await openBus(request, bus, 'read');
    return Response.json({ targets: await readTargets(ledger, principal.tenant, compiled.snapshot) });
  }

  async function books(request: Request, bus: string): Promise<Response> {
    const { compiled } = await openBus(request, bus, 'read');
    return Response.json(await readBooks(ledger, compiled.snapshot), { headers: { 'cache-control': 'no-store' } });
  }

  const bus = '/v1/buses/{bus}';
  const scope = 'bus';
  return [
    { method: 'POST', path: '/v1/events', permission: 'publish', scope, handler: publish },
    { method: 'OPTIONS', path: '/v1/events', permission: 'none', scope, handler: handshake },
    { method: 'POST', path: `${bus}/events`, permission: 'publish', scope, handler: publish },
    { method: 'OPTIONS', path: `${bus}/events`, permission: 'none', scope, handler: handshake },

    { method: 'GET', path: '/v1/functions', permission: 'enter', scope, handler: functions.list },
    { method: 'POST', path: '/v1/functions/{name}', permission: 'publish', scope, handler: functions.call },
    { method: 'GET', path: `${bus}/functions`, permission: 'enter', scope, handler: functions.list },
    { method: 'POST', path: `${bus}/functions/{name}`, permission: 'publish', scope, handler: functions.call },

    { method: 'GET', path: `${bus}/events`, permission: 'subscribe', scope, handler: trace.events },
    { method: 'GET', path: `${bus}/events/{id}`, permission: 'read', scope, handler: trace.trace },
    { method: 'GET', path: `${bus}/deliveries`, permission: 'read', scope, handler: trace.deliveries },
    { method: 'GET', path: `${bus}/targets`, permission: 'read', scope, handler: targets },
    { method: 'GET', path: `${bus}/books`, permission: 'read', scope, handler: books },

    { method: 'GET', path: `${bus}/dead-letters`, permission: 'read', scope, handler: letters.list },
    { method: 'POST', path: `${bus}/dead-letters:redrive`, permission: 'operate', scope, handler: letters.redriveAll },
    { method: 'POST', path: `${bus}/dead-letters:purge`, permission: 'operate', scope, handler: letters.purge },
    { method: 'GET', path: `${bus}/dead-letters/{id}`, permission: 'read', scope, handler: letters.inspect },
    { method: 'DELETE', path: `${bus}/dead-letters/{id}`, permission: 'operate', scope, handler: letters.delete },
    {
      method: 'POST',
      path: `${bus}/dead-letters/{id}/redrive`,
      permission: 'operate',
      scope,
      handler: letters.redrive,
    },

    { method: 'GET', path: `${bus}/replays`, permission: 'read', scope, handler: replays.list },
    { method: 'GET', path: `${bus}/replays/{name}`, permission: 'read', scope, handler: replays.get },
    { method: 'PUT', path: `${bus}/replays/{name}`, permission: 'operate', scope, handler: replays.start },
    { method: 'DELETE', path: `${bus}/replays/{name}`, permission: 'operate', scope, handler: replays.delete },
    { method: 'POST', path: `${bus}/replays/{name}/cancel`, permission: 'operate', scope, handler: replays.cancel },

    {
      method: 'GET',
      path: '/healthz',
      permission: 'none',
      scope: 'visible',
      handler: () => Response.json({ status: 'ok' }),
    },
  ];
}
