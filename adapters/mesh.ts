import { createAdminApi } from '../admin/api.ts';
import { createAudit } from '../admin/audit.ts';
import { createLiveDocuments } from '../admin/changes/live-documents.ts';
import { createDisabling } from '../admin/disabling.ts';
import { createKeyLookup } from '../admin/keys.ts';
import { createPublisher } from '../admin/publisher.ts';
import { reseal } from '../admin/reseal.ts';
import { createTenantRemoval } from '../admin/tenant-removal.ts';
import { createMeshApp } from '../mesh/app.ts';
import { createCredentials } from '../mesh/connections/credentials.ts';
import { createVault } from '../mesh/connections/vault.ts';
import { createDispatcher } from '../mesh/dispatcher.ts';
import { createFunctions } from '../mesh/functions/functions.ts';
import { createPublish } from '../mesh/functions/publish.ts';
import type { ConnectorServices } from '../connectors/runtime/services.ts';
import type { QueueConsumer } from '../mesh/ports/consumer.ts';
import { createSchemaGate } from '../mesh/schema-gate.ts';
import { createConnectorServices } from './connectors.ts';
import { createFront, type Front } from './front.ts';
import { createLiveIdentities } from './identities.ts';
import type { Platform } from './platform.ts';
import { sinks } from './sinks.ts';

/** The whole of Tulle over web standards; a platform's entry only hands over to it. */
export interface Mesh {
  fetch(request: Request): Promise<Response>;
  readonly dispatch: QueueConsumer;
  /** How long a bus keeps its history; `undefined` when there is no such bus. */
  retention(tenant: string, bus: string): Promise<number | undefined>;
  /** Another process has published a bus: what is known of it here is not the newest any more. */
  published(tenant: string, bus: string): void;
  /** For whatever wakes the connectors. */
  readonly connectors: ConnectorServices;
  /** Once a minute: brings to an end what a crash left half done. */
  tick(): Promise<void>;
  /** Lets go of the connections of sinks; nothing is dispatched any more. */
  close(): Promise<void>;
}

const frontParts = { openGate: createSchemaGate, findKey: createKeyLookup, identities: createLiveIdentities };

/** `front`: the part that is there already, where a platform made it first. */
export function createMesh(platform: Platform, front: Front = createFront(platform, frontParts)): Mesh {
  const { documents, snapshots, runtime, adminKey, report, functions: support = {}, sources = [] } = platform;
  const { name = 'node' } = platform;
  const { identities, ingress } = front;
  const { snapshots: source, envelopes, meter } = ingress;
  const live = createLiveDocuments(documents);
  const policy = { allowPrivateTargets: platform.allowPrivateTargets, role: platform.role };
  const onPublished = (tenant: string, bus: string): void => source.drop(tenant, bus);
  const publish = createPublish({ snapshots: source, queue: platform.queue, runtime });
  const { secrets, connectionSupport = {} } = platform;
  const allSinks = [...sinks, ...(platform.sinks ?? [])];
  const vault = createVault(platform.masterKeys ?? {});
  const credentials = createCredentials({ vault, secrets, policy, runtime, support: connectionSupport });
  const functions = createFunctions({ support, publish, credentials, policy, runtime });

  const connectors = createConnectorServices({
    documents,
    sources: sources.filter(({ platforms }) => platforms.includes(name)),
    snapshots: source,
    publish,
    credentials,
    policy,
    sockets: platform.sockets,
    runtime,
    report,
  });

  const admin = createAdminApi({
    documents,
    snapshots,
    sinks: allSinks,
    policy,
    adminKey,
    runtime,
    functions: support,
    vault,
    connections: connectionSupport,
    identities,
    sources: [...sources, ...(platform.sourcesBeside ?? [])],
    platform: name,
    meter,
    erasure: platform.erasure,
    archives: platform.replays !== undefined,
    queues: platform.queues ?? [],
    ledger: platform.ledger,
    secrets,
    verify: platform.verification?.({
      connectors,
      sinks: allSinks,
      snapshots: source,
      credentials,
      functions,
      policy,
      sockets: platform.sockets,
      runtime,
    }),
    onPublished,
  });
  const publisher = createPublisher({ documents, snapshots, runtime, onPublished });
  const app = createMeshApp({
    ...ingress,
    audit: createAudit(publisher),
    ledger: platform.ledger,
    deadLetters: platform.deadLetters,
    replays: platform.replays,
    functions,
    report,
  });
  const removal = createTenantRemoval({ documents: live, publisher, runtime, erasure: platform.erasure });
  return {
    fetch: (request) => Promise.resolve((isAdmin(request) ? admin : app).fetch(request)),
    dispatch: createDispatcher({
      connections: platform.connections,
      queue: platform.queue,
      snapshots: source,
      sinks: new Map(allSinks.map((sink) => [sink.kind, sink])),
      credentials,
      policy,
      sockets: platform.sockets,
      runtime,
      functions,
      publish,
      envelopes,
      disable: createDisabling({ publisher, runtime }),
      report,
    }),
    async retention(tenant, bus) {
      const compiled = await source.get(tenant, bus);
      return compiled?.snapshot.settings.retentionSeconds;
    },
    published: onPublished,
    connectors,
    async tick() {
      await publisher.repair();
      await removal.tick();
      if (vault.isRotating) await reseal({ documents: live, publisher, vault, runtime });
    },
    async close() {
      await Promise.all(allSinks.map(async (sink) => sink.close?.()));
    },
  };
}

function isAdmin(request: Request): boolean {
  // Publishing must not pay for a parsed URL.
  if (!request.url.includes('/v1/admin')) return false;
  const { pathname } = new URL(request.url);
  return pathname === '/v1/admin' || pathname.startsWith('/v1/admin/');
}
