import { Hono } from 'hono';
import { TulleError } from '../event/error.ts';
import { createAuthenticator, type Principal } from '../mesh/authentication.ts';
import type { ConnectionSupport } from '../mesh/connections/authorize.ts';
import { createVault, type Vault } from '../mesh/connections/vault.ts';
import type { FunctionSupport } from '../mesh/functions/support.ts';
import type { Documents, Runtime, Snapshots } from '../mesh/ports.ts';
import { isSystemFault, toProblemResponse } from '../mesh/problem.ts';
import type { Sink, TargetPolicy } from '../mesh/sink.ts';
import type { SecondQueue } from '../mesh/snapshot.ts';
import { archiveResource } from './archives.ts';
import { busList, busResource } from './buses.ts';
import { createLiveDocuments } from './changes/live-documents.ts';
import { postChangeSet } from './change-sets.ts';
import { connectionResource } from './connections.ts';
import { functionResource } from './functions.ts';
import { discoveredItem, discoveredList } from './discovered.ts';
import { changeItem, changeList } from './history.ts';
import { createKeyLookup, keyItem, keyList } from './keys.ts';
import { createPublisher, type PublisherOptions } from './publisher.ts';
import { reportFailure } from './report.ts';
import { resourceHistory, resourceItem, resourceList } from './resource-endpoint.ts';
import { ruleResource } from './rules.ts';
import { secretResource } from './secrets.ts';
import { schemaResource, schemaVersionItem } from './schemas.ts';
import type { Methods, Services } from './services.ts';
import { statusList } from './status.ts';

export interface AdminApiOptions {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly sinks: readonly Sink[];
  readonly policy: TargetPolicy;
  /** The operator's own key; without it and without stored keys nobody gets in. */
  readonly adminKey: string | undefined;
  readonly runtime: Runtime;
  /** The functions in the bundle, and where else this platform can run some. */
  readonly functions?: FunctionSupport;
  /** Seals secrets; without it none can be stored. */
  readonly vault?: Vault;
  /** What this platform has for connections beside HTTP. */
  readonly connections?: ConnectionSupport;
  /** Whether the queue keeps archives; `true` where nothing is said. */
  readonly archives?: boolean;
  /** The queues that a bus may choose here, beside the log. */
  readonly queues?: readonly SecondQueue[];
  readonly onPublished?: PublisherOptions['onPublished'];
}

export type AdminApi = Hono<{ Variables: { principal: Principal } }>;

/** The control plane over HTTP, everything below `/v1/admin`. Errors are RFC 9457 problem details. */
export function createAdminApi(options: AdminApiOptions): AdminApi {
  const { runtime, adminKey, onPublished } = options;
  const documents = createLiveDocuments(options.documents);
  const services: Services = {
    functions: {},
    connections: {},
    archives: true,
    queues: [],
    vault: createVault({}),
    ...options,
    documents,
    publisher: createPublisher({ ...options, onPublished }),
  };
  const authenticator = createAuthenticator({ adminKey, now: () => runtime.now() });
  const findKey = createKeyLookup(documents);
  const app: AdminApi = new Hono();

  // First of all, so that a stranger learns nothing of what is here.
  app.use('/v1/admin/*', async (context, next) => {
    context.set('principal', await authenticator.authenticate(context.req.raw, findKey));
    await next();
    context.res.headers.set('cache-control', 'no-store');
  });

  const routes: Readonly<Record<string, Methods>> = {
    '/v1/admin/buses': busList(services),
    '/v1/admin/buses/:bus': resourceItem(services, busResource),
    '/v1/admin/buses/:bus/history': resourceHistory(services, busResource),
    '/v1/admin/buses/:bus/archives': resourceList(services, archiveResource),
    '/v1/admin/buses/:bus/archives/:archive': resourceItem(services, archiveResource),
    '/v1/admin/buses/:bus/archives/:archive/history': resourceHistory(services, archiveResource),
    '/v1/admin/buses/:bus/rules': resourceList(services, ruleResource),
    '/v1/admin/buses/:bus/rules/:rule': resourceItem(services, ruleResource),
    '/v1/admin/buses/:bus/rules/:rule/history': resourceHistory(services, ruleResource),
    '/v1/admin/buses/:bus/discovered': discoveredList(services),
    '/v1/admin/buses/:bus/discovered/:id': discoveredItem(services),
    '/v1/admin/changes': changeList(services, (call) => postChangeSet(services, call)),
    '/v1/admin/changes/:change': changeItem(services),
    '/v1/admin/connections': resourceList(services, connectionResource),
    '/v1/admin/connections/:connection': resourceItem(services, connectionResource),
    '/v1/admin/connections/:connection/history': resourceHistory(services, connectionResource),
    '/v1/admin/functions': resourceList(services, functionResource),
    '/v1/admin/functions/:function': resourceItem(services, functionResource),
    '/v1/admin/functions/:function/history': resourceHistory(services, functionResource),
    '/v1/admin/keys': keyList(services),
    '/v1/admin/keys/:id': keyItem(services),
    '/v1/admin/schemas': resourceList(services, schemaResource),
    '/v1/admin/schemas/:schema': resourceItem(services, schemaResource),
    '/v1/admin/schemas/:schema/history': resourceHistory(services, schemaResource),
    '/v1/admin/schemas/:schema/versions/:version': schemaVersionItem(services),
    '/v1/admin/secrets': resourceList(services, secretResource),
    '/v1/admin/secrets/:secret': resourceItem(services, secretResource),
    '/v1/admin/secrets/:secret/history': resourceHistory(services, secretResource),
    '/v1/admin/status': statusList(services),
  };
  for (const [path, methods] of Object.entries(routes)) {
    app.all(path, async (context) => {
      const { raw: request, method } = context.req;
      // Hono sends a HEAD through GET and drops the body.
      const handler = methods[(method === 'HEAD' ? 'GET' : method) as keyof Methods];
      if (handler === undefined) return refuseMethod(methods);
      const call = { request, principal: context.get('principal'), params: context.req.param() };
      return handler({ ...call, query: new URL(request.url).searchParams });
    });
  }

  // Not `notFound`: that would not be asked where this app is mounted inside another.
  app.all('/v1/admin/*', (context) => {
    throw new TulleError('not_found', `There is nothing at ${context.req.path.slice(0, 256)}.`, {
      mend: `The addresses are ${Object.keys(routes)
        .join(', ')
        .replace(/:(\w+)/g, '{$1}')}.`,
    });
  });
  app.onError((error) => {
    if (isSystemFault(error)) reportFailure(runtime, error);
    return toProblemResponse(error);
  });
  return app;
}

function refuseMethod(methods: Methods): Response {
  const known = Object.keys(methods);
  const allow = (known.includes('GET') ? ['HEAD', ...known] : known).sort().join(', ');
  const error = new TulleError('method_not_allowed', 'This address does not take the method.', {
    mend: `Use ${allow}.`,
  });
  return toProblemResponse(error, { allow });
}
