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
export interface MeshApp extends Pick<Hono, 'routes'> {
  fetch(request: Request): Response | Promise<Response>;
}

export function createMeshApp(options: MeshAppOptions): MeshApp {
  const app = new Hono();
  const routes = createMeshRoutes(options);
  mountRoutes(app, routes, ({ handler }, { req }) => {
    const { bus = DEFAULT_BUS, name, id } = req.param();
    return handler(req.raw, bus, name ?? id ?? '');
  });
  /** Addresses without names in them are found by one look: the router takes 1.2 µs and 5 KB for each request. */
  const fixed = new Map(
    routes.filter(({ path }) => !path.includes('{')).map(({ method, path, handler }) => [`${method} ${path}`, handler]),
  );

  function answerFault(error: Error): Response {
    if (isSystemFault(error)) options.report('a request failed', error);
    return toProblemResponse(error);
  }

  app.notFound((context) =>
    toProblemResponse(
      new TulleError('not_found', `There is nothing at ${context.req.path}.`, {
        mend: 'Publish with POST /v1/events or POST /v1/buses/{bus}/events.',
      }),
    ),
  );
  app.onError(answerFault);

  return {
    routes: app.routes,
    async fetch(request) {
      const handler = fixed.get(`${request.method} ${pathOf(request.url)}`);
      if (handler === undefined) return app.fetch(request);
      try {
        return await handler(request, DEFAULT_BUS, '');
      } catch (error) {
        if (error instanceof Error) return answerFault(error);
        throw error;
      }
    },
  };
}

/** As it stands in the address; not normalised, since what is not found so is left to the router. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.indexOf('?', start);
  return url.slice(start, end < 0 ? undefined : end);
}
