import { Hono } from 'hono';
import { TulleError } from '../event/error.ts';
import { createAuthenticator, type Principal } from '../mesh/authentication.ts';
import type { PlatformName, Source } from '../mesh/connector/source.ts';
import type { Verify } from '../mesh/connector/verify.ts';
import type { ConnectionSupport } from '../mesh/connections/authorize.ts';
import { createVault, type Vault } from '../mesh/connections/vault.ts';
import type { EventMeter } from '../mesh/event-meter.ts';
import type { Identities } from '../mesh/identity/identities.ts';
import type { FunctionSupport } from '../mesh/functions/support.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Erasure } from '../mesh/ports/erasure.ts';
import type { Ledger } from '../mesh/ports/ledger.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Secrets } from '../mesh/ports/secrets.ts';
import type { Snapshots } from '../mesh/ports/snapshots.ts';
import { isSystemFault, toProblemResponse } from '../mesh/problem.ts';
import { requireNoBody } from '../mesh/protocols/no-body.ts';
import { mountRoutes } from '../mesh/route.ts';
import type { Sink, TargetPolicy } from '../mesh/sink.ts';
import type { SecondQueue } from '../mesh/snapshot.ts';
import { createLiveDocuments } from './changes/live-documents.ts';
import { createKeyLookup } from './keys.ts';
import { createPublisher, type PublisherOptions } from './publisher.ts';
import { reportFailure } from './report.ts';
import { createAdminRoutes, requireRoute } from './routes.ts';
import type { Services } from './services.ts';
import { createTenantRemoval } from './tenant-removal.ts';

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
  /** What connectors can pull from, here and elsewhere; and where this is. */
  readonly sources?: readonly Source[];
  readonly platform?: PlatformName;
  /** Compares both ends of a synchronisation. */
  readonly verify?: Verify | undefined;
  /** Whether the queue keeps archives; `true` where nothing is said. */
  readonly archives?: boolean;
  /** The queues that a bus may choose here, beside the log. */
  readonly queues?: readonly SecondQueue[];
  /** Takes tokens of identity providers; absent: API keys only. */
  readonly identities?: Identities | undefined;
  /** Where events are kept, for trying rules on them. */
  readonly ledger?: Ledger;
  /** The platform's own secrets. */
  readonly secrets?: Secrets;
  /** What tenants with a quota have published here. */
  readonly meter?: Pick<EventMeter, 'usage'> | undefined;
  /** Erases the logs of tenants that are deleted. */
  readonly erasure?: Erasure | undefined;
  readonly onPublished?: PublisherOptions['onPublished'];
}

export type AdminApi = Hono<{ Variables: { principal: Principal } }>;

/** The control plane over HTTP, everything below `/v1/admin`. Errors are RFC 9457 problem details. */
export function createAdminApi(options: AdminApiOptions): AdminApi {
  const { runtime, adminKey, onPublished } = options;
  const documents = createLiveDocuments(options.documents);
  const publisher = createPublisher({ ...options, onPublished });
  const services: Services = {
    functions: {},
    connections: {},
    archives: true,
    sources: [],
    platform: 'node',
    queues: [],
    secrets: { get: () => Promise.resolve(undefined) },
    vault: createVault({}),
    ...options,
    documents,
    publisher,
    removal: createTenantRemoval({ documents, publisher, runtime, erasure: options.erasure }),
  };
  const authenticator = createAuthenticator({ adminKey, now: () => runtime.now(), identities: options.identities });
  const findKey = createKeyLookup(documents);
  const app: AdminApi = new Hono();

  // First of all, so that a stranger learns nothing of what is here.
  app.use('/v1/admin/*', async (context, next) => {
    context.set('principal', await authenticator.authenticate(context.req.raw, findKey));
    await next();
    context.res.headers.set('cache-control', 'no-store');
  });

  const routes = createAdminRoutes(services);
  mountRoutes(app, routes, async (route, context) => {
    const { raw: request } = context.req;
    const call = { request, principal: context.get('principal'), params: context.req.param() };
    requireRoute(route, call);
    if (route.method === 'DELETE') await requireNoBody(request);
    return route.handler({ ...call, query: new URL(request.url).searchParams });
  });

  // Not `notFound`: that would not be asked where this app is mounted inside another.
  app.all('/v1/admin/*', (context) => {
    throw new TulleError('not_found', `There is nothing at ${context.req.path.slice(0, 256)}.`, {
      mend: `Here are ${[...new Set(routes.map(({ path }) => path.split('/')[3]))].join(', ')}; openapi.json has every address.`,
    });
  });
  app.onError((error) => {
    if (isSystemFault(error)) reportFailure(runtime, error);
    return toProblemResponse(error);
  });
  return app;
}
