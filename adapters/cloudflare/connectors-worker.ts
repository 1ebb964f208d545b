import { createKeyLookup } from '../../admin/keys.ts';
import { postgres } from '../../connectors/sources/postgres.ts';
import { rss } from '../../connectors/sources/rss.ts';
import { createCredentials } from '../../mesh/connections/credentials.ts';
import { createVault } from '../../mesh/connections/vault.ts';
import type { Source } from '../../mesh/connector/source.ts';
import { createPublish } from '../../mesh/functions/publish.ts';
import type { Secrets } from '../../mesh/ports/secrets.ts';
import { createSchemaGate } from '../../mesh/schema-gate.ts';
import { createConnectorServices } from '../connectors.ts';
import { createFront } from '../front.ts';
import { createLiveIdentities } from '../identities.ts';
import { runConnectors } from '../run-connectors.ts';
import { createEnvironmentSecrets } from '../secrets.ts';
import { createCertificates } from './certificates.ts';
import { createD1Documents } from './documents.ts';
import type { WorkerEnv } from './mesh.ts';
import { createLogQueue } from './queue.ts';
import { createQueuesQueue } from './queues.ts';
import { createWorkerOutbox } from './queues-handler.ts';
import { report, workerRuntime } from './runtime.ts';
import { createKvSnapshots } from './snapshots.ts';
import { createWorkerSockets } from './sockets.ts';

/**
 * The Worker of wrangler.connectors.toml: runs the connectors whose sources need a driver, which the mesh's own Worker has
 * not. It shares the documents, the snapshots and the log with that one, and takes the tasks of its own sources only.
 */
export default {
  async scheduled({ scheduledTime }, env) {
    await runConnectors({ connectors: createServices(env) }, { scheduledTime });
  },
} satisfies ExportedHandler<WorkerEnv>;

const sources: readonly Source[] = [postgres as Source, rss as Source];

function createServices(env: WorkerEnv): ReturnType<typeof createConnectorServices> {
  const log = createLogQueue(env.LOG);
  const outbox = createWorkerOutbox(env);
  const documents = createD1Documents(env.DOCUMENTS);
  const queue = outbox === undefined ? log : createQueuesQueue({ outbox, log });
  const policy = { allowPrivateTargets: (env.TULLE_ALLOW_PRIVATE_TARGETS as string) === 'true' };
  const shared = { runtime: workerRuntime, report };
  const { snapshots } = createFront(
    { ...shared, ...policy, documents, snapshots: createKvSnapshots(env.SNAPSHOTS), queue, exactLength: true },
    { openGate: createSchemaGate, findKey: createKeyLookup, identities: createLiveIdentities },
  ).ingress;
  const credentials = createCredentials({
    vault: createVault({ current: env.TULLE_MASTER_KEY, previous: env.TULLE_MASTER_KEY_PREVIOUS }),
    secrets: createBoundSecrets(env),
    policy,
    runtime: workerRuntime,
    support: { certificate: createCertificates(env) },
  });
  return createConnectorServices({
    ...shared,
    documents,
    sources,
    snapshots,
    publish: createPublish({ snapshots, queue, runtime: workerRuntime }),
    credentials,
    policy,
    sockets: createWorkerSockets(policy),
  });
}

/** Of the environment, and of Hyperdrive: the binding `TULLE_SECRET_SHOP_DATABASE` is the secret `shop-database`. */
function createBoundSecrets(env: object): Secrets {
  const texts = Object.entries(env).map(([name, value]: [string, unknown]) => [
    name,
    connectionStringOf(value) ?? value,
  ]);
  return createEnvironmentSecrets(Object.fromEntries(texts) as object);
}

function connectionStringOf(binding: unknown): string | undefined {
  if (typeof binding !== 'object' || binding === null || !('connectionString' in binding)) return undefined;
  return typeof binding.connectionString === 'string' ? binding.connectionString : undefined;
}
