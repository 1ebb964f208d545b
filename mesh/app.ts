import { Hono } from 'hono';
import { TulleError } from '../event/error.ts';
import type { Authenticator } from './authentication.ts';
import { readBooks } from './bus-books.ts';
import { createBusAccess } from './bus-access.ts';
import { createDeadLetterEndpoint } from './dead-letters/endpoint.ts';
import { createFunctionEndpoint } from './functions/endpoint.ts';
import type { Functions } from './functions/functions.ts';
import { answerHandshake } from './delivery/handshake.ts';
import { createIngress, type IngressOptions } from './ingress.ts';
import type { DeadLetters, Ledger, Replays } from './ports.ts';
import { isSystemFault, toProblemResponse } from './problem.ts';
import { createReplayEndpoint } from './replay/endpoint.ts';
import { readTargets } from './targets.ts';
import { createTraceEndpoint } from './trace/endpoint.ts';

export interface MeshAppOptions extends IngressOptions {
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  /** Absent where the queue keeps no archives. */
  readonly replays?: Replays | undefined;
  readonly functions: Functions;
  readonly authenticator: Authenticator;
  readonly report: (message: string, error: unknown) => void;
}

const DEFAULT_BUS = 'default';
/** The data plane over HTTP: publish events, read what became of them. */
export function createMeshApp(options: MeshAppOptions): Hono {
  const { ledger } = options;
  const openBus = createBusAccess(options);
  const ingress = createIngress(options);
  const app = new Hono();

  app.post('/v1/events', (context) => ingress(context.req.raw, DEFAULT_BUS));
  app.post('/v1/buses/:bus/events', (context) => ingress(context.req.raw, context.req.param('bus')));
  for (const path of ['/v1/events', '/v1/buses/:bus/events']) {
    app.options(path, (context) => context.body(null, 204, answerHandshake(context.req.raw.headers)));
  }

  const endpoint = createFunctionEndpoint(options);
  app.post('/v1/functions/:name', ({ req }) => endpoint.call(req.raw, DEFAULT_BUS, req.param('name')));
  app.post('/v1/buses/:bus/functions/:name', ({ req }) => endpoint.call(req.raw, req.param('bus'), req.param('name')));
  app.get('/v1/functions', ({ req }) => endpoint.list(req.raw, DEFAULT_BUS));
  app.get('/v1/buses/:bus/functions', ({ req }) => endpoint.list(req.raw, req.param('bus')));
  for (const path of ['/v1/functions', '/v1/buses/:bus/functions']) {
    app.all(path, () => refuseMethod('GET, HEAD'));
    app.all(`${path}/:name`, () => refuseMethod('POST'));
  }

  const trace = createTraceEndpoint({ ...options, openBus });
  app.get('/v1/buses/:bus/deliveries', ({ req }) => trace.deliveries(req.raw, req.param('bus')));
  app.all('/v1/buses/:bus/deliveries', () => refuseMethod('GET, HEAD'));
  app.get('/v1/buses/:bus/events', ({ req }) => trace.events(req.raw, req.param('bus')));
  app.get('/v1/buses/:bus/events/:id', ({ req }) => trace.trace(req.raw, req.param('bus'), req.param('id')));
  app.all('/v1/buses/:bus/events/:id', () => refuseMethod('GET, HEAD'));
  app.all('/v1/events', () => refuseMethod('POST, OPTIONS'));
  app.all('/v1/buses/:bus/events', () => refuseMethod('GET, HEAD, POST, OPTIONS'));

  app.get('/v1/buses/:bus/targets', async ({ req }) => {
    const { principal, compiled } = await openBus(req.raw, req.param('bus'), 'viewer');
    return Response.json({ targets: await readTargets(ledger, principal.tenant, compiled.snapshot) });
  });
  app.all('/v1/buses/:bus/targets', () => refuseMethod('GET, HEAD'));

  app.get('/v1/buses/:bus/books', async ({ req }) => {
    const { compiled } = await openBus(req.raw, req.param('bus'), 'viewer');
    return Response.json(await readBooks(ledger, compiled.snapshot), { headers: { 'cache-control': 'no-store' } });
  });
  app.all('/v1/buses/:bus/books', () => refuseMethod('GET, HEAD'));

  const letters = createDeadLetterEndpoint({ ...options, openBus });
  const letterPath = '/v1/buses/:bus/dead-letters';
  app.get(letterPath, ({ req }) => letters.list(req.raw, req.param('bus')));
  app.all(letterPath, () => refuseMethod('GET, HEAD'));
  app.post(`${letterPath}:redrive`, ({ req }) => letters.redriveAll(req.raw, req.param('bus')));
  app.all(`${letterPath}:redrive`, () => refuseMethod('POST'));
  app.post(`${letterPath}:purge`, ({ req }) => letters.purge(req.raw, req.param('bus')));
  app.all(`${letterPath}:purge`, () => refuseMethod('POST'));
  app.get(`${letterPath}/:id`, ({ req }) => letters.inspect(req.raw, req.param('bus'), req.param('id')));
  app.delete(`${letterPath}/:id`, ({ req }) => letters.delete(req.raw, req.param('bus'), req.param('id')));
  app.all(`${letterPath}/:id`, () => refuseMethod('GET, HEAD, DELETE'));
  app.post(`${letterPath}/:id/redrive`, ({ req }) => letters.redrive(req.raw, req.param('bus'), req.param('id')));
  app.all(`${letterPath}/:id/redrive`, () => refuseMethod('POST'));

  const replays = createReplayEndpoint({ ...options, openBus });
  const replayPath = '/v1/buses/:bus/replays';
  app.get(replayPath, ({ req }) => replays.list(req.raw, req.param('bus')));
  app.all(replayPath, () => refuseMethod('GET, HEAD'));
  app.get(`${replayPath}/:name`, ({ req }) => replays.get(req.raw, req.param('bus'), req.param('name')));
  app.put(`${replayPath}/:name`, ({ req }) => replays.start(req.raw, req.param('bus'), req.param('name')));
  app.delete(`${replayPath}/:name`, ({ req }) => replays.delete(req.raw, req.param('bus'), req.param('name')));
  app.all(`${replayPath}/:name`, () => refuseMethod('GET, HEAD, PUT, DELETE'));
  app.post(`${replayPath}/:name/cancel`, ({ req }) => replays.cancel(req.raw, req.param('bus'), req.param('name')));
  app.all(`${replayPath}/:name/cancel`, () => refuseMethod('POST'));

  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.notFound((context) =>
    toProblemResponse(
      new TulleError('not_found', `There is nothing at ${context.req.path}.`, {
        mend: 'Publish with POST /v1/events or POST /v1/buses/{bus}/events.',
      }),
    ),
  );
  app.onError((error) => {
    if (isSystemFault(error)) options.report('a request failed', error);
    return toProblemResponse(error);
  });
  return app;
}

function refuseMethod(allow: string): Response {
  const error = new TulleError('method_not_allowed', 'This address does not take the method.', {
    mend: `Use ${allow}.`,
  });
  return toProblemResponse(error, { allow });
}
