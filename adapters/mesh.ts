import { createAdminApi } from '../admin/api.ts';
import { createAudit } from '../admin/audit.ts';
import { createLiveDocuments } from '../admin/changes/live-documents.ts';
import { createDisabling } from '../admin/disabling.ts';
import { createKeyLookup } from '../admin/keys.ts';
import { createPublisher } from '../admin/publisher.ts';
import { reseal } from '../admin/reseal.ts';
import { createTenantRemoval } from '../admin/tenant-removal.ts';
import { createMeshApp } from '../mesh/app.ts';
import type { ConnectionSupport } from '../mesh/connections/authorize.ts';
import { createCredentials } from '../mesh/connections/credentials.ts';
import { createVault, type MasterKeys } from '../mesh/connections/vault.ts';
import { createDispatcher } from '../mesh/dispatcher.ts';
import { createFunctions } from '../mesh/functions/functions.ts';
import { createPublish } from '../mesh/functions/publish.ts';
import type { PlatformName, Source } from '../mesh/connector/source.ts';
import type { ConnectorServices } from '../connectors/runtime/services.ts';
import type { FunctionSupport } from '../mesh/functions/support.ts';
import type { QueueConsumer } from '../mesh/ports/consumer.ts';
import type { DeadLetters } from '../mesh/ports/dead-letters.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Erasure } from '../mesh/ports/erasure.ts';
import type { Ledger } from '../mesh/ports/ledger.ts';
import type { Queue } from '../mesh/ports/queue.ts';
import type { Replays } from '../mesh/ports/replays.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Sockets } from '../mesh/ports/sockets.ts';
import type { Secrets } from '../mesh/ports/secrets.ts';
import type { Snapshots } from '../mesh/ports/snapshots.ts';
import type { Waits } from '../mesh/ports/waits.ts';
import { createSchemaGate } from '../mesh/schema-gate.ts';
import type { Sink } from '../mesh/sink.ts';
import type { SecondQueue } from '../mesh/snapshot.ts';
import { createConnectorServices } from './connectors.ts';
import { createFront, type Front } from './front.ts';
import { createLiveIdentities } from './identities.ts';
import { sinks } from './sinks.ts';

/** What a platform brings. */
export interface Platform {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly secrets: Secrets;
  readonly queue: Queue;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  /** Absent where the queue keeps no archives. */
  readonly replays?: Replays;
  /** Absent where logs cannot be erased: what is in them expires. */
  readonly erasure?: Erasure;
  /** Without it every publisher is answered when its events are durable. */
  readonly waits?: Waits;
  readonly runtime: Runtime;
  /** The operator's own key; without it the doors stay shut. */
  readonly adminKey?: string | undefined;
  readonly allowPrivateTargets: boolean;
  /** What secrets are encrypted with; without it none can be stored. */
  readonly masterKeys?: MasterKeys;
  /** What the platform has for connections beside HTTP. */
  readonly connectionSupport?: ConnectionSupport;
  /** The functions in the bundle, and where else this platform can run some; nothing where it is absent. */
  readonly functions?: FunctionSupport;
  /** What connectors can pull from here, and elsewhere. */
  readonly sources?: readonly Source[];
  readonly name?: PlatformName;
  readonly sockets?: Sockets;
  /** See `Limits`: the platform's HTTP server ends every body at its declared length. */
  readonly exactLength: boolean;
  /** The queues that a bus may choose, beside the log. */
  readonly queues?: readonly SecondQueue[];
  /** See `DispatcherOptions`. */
  readonly connections?: number;
  /** What targets may go to here, beside the sinks that every platform has. */
  readonly sinks?: readonly Sink[];
  /** What is accepted here is dispatched here, most of it at once. */
  readonly dispatchesHere?: true;
  readonly report: (message: string, error: unknown) => void;
}

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
  const policy = { allowPrivateTargets: platform.allowPrivateTargets };
  const onPublished = (tenant: string, bus: string): void => source.drop(tenant, bus);
  const publish = createPublish({ snapshots: source, queue: platform.queue, runtime });
  const { secrets, connectionSupport = {} } = platform;
  const allSinks = [...sinks, ...(platform.sinks ?? [])];
  const vault = createVault(platform.masterKeys ?? {});
  const credentials = createCredentials({ vault, secrets, policy, runtime, support: connectionSupport });
  const functions = createFunctions({ support, publish, credentials, policy, runtime });

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
    sources,
    platform: name,
    meter,
    erasure: platform.erasure,
    archives: platform.replays !== undefined,
    queues: platform.queues ?? [],
    ledger: platform.ledger,
    secrets,
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
    connectors: createConnectorServices({
      documents,
      sources: sources.filter(({ platforms }) => platforms.includes(name)),
      snapshots: source,
      publish,
      credentials,
      policy,
      sockets: platform.sockets,
      runtime,
      report,
    }),
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
