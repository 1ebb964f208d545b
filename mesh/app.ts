import { Hono } from 'hono';
import { TulleError } from '../event/error.ts';
import { isSystemFault, toProblemResponse } from './problem.ts';
import { mountRoutes } from './route.ts';
import { createMeshRoutes, type MeshRouteOptions } from './routes.ts';

export interface MeshAppOptions extends MeshRouteOptions {
  readonly report: (message: string, error: unknown) => void;
}

const DEFAULT_BUS = 'default';

/** The data plane over HTTP: publish events, read what became of them. */
export function createMeshApp(options: MeshAppOptions): Hono {
  const app = new Hono();
  mountRoutes(app, createMeshRoutes(options), ({ handler }, { req }) => {
    const { bus = DEFAULT_BUS, name, id } = req.param();
    return handler(req.raw, bus, name ?? id ?? '');
  });

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
