import type { Context, Env, Hono } from 'hono';
import { TulleError } from '../event/error.ts';
import { toProblemResponse } from './problem.ts';
import type { Permission } from './roles.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS';

/** One thing that the installation answers. */
export interface Route {
  readonly method: Method;
  /** As in OpenAPI, with the parts that are names in braces: `/v1/buses/{bus}/events`. */
  readonly path: string;
  /** What the key's role has to allow; `none`: nobody is asked for a key. */
  readonly permission: Permission | 'none';
  /**
   * What the key has to be for: `bus`, the one in the address, or `default`; `tenant`, every bus, because all share it;
   * `visible`, any: what belongs to other buses is left out of the answer, or refused part by part; `installation`:
   * nothing but the operator's own key will do.
   */
  readonly scope: 'bus' | 'tenant' | 'visible' | 'installation';
}

/** Binds a table to an app: what else is asked of its addresses is answered 405, with what they take. */
export function mountRoutes<Known extends Route, Environment extends Env>(
  app: Hono<Environment>,
  routes: readonly Known[],
  answer: (route: Known, context: Context<Environment>) => Response | Promise<Response>,
): void {
  for (const [path, known] of Map.groupBy(routes, (route) => route.path)) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const route of known) {
      app.on(route.method, pattern, (context) => answer(route, context));
    }
    const methods = known.map(({ method }) => method);
    // Hono sends a HEAD through GET and drops the body.
    const allow = (methods.includes('GET') ? ['HEAD', ...methods] : methods).sort().join(', ');
    app.all(pattern, () => refuseMethod(allow));
  }
}

function refuseMethod(allow: string): Response {
  const error = new TulleError('method_not_allowed', 'This address does not take the method.', {
    mend: `Use ${allow}.`,
  });
  return toProblemResponse(error, { allow });
}
