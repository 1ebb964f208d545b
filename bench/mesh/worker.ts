import { WorkerEntrypoint } from 'cloudflare:workers';
import { createLogDeadLetters, createLogLedger, createLogQueue } from '../../adapters/cloudflare/queue.ts';
import type { Log } from '../../adapters/cloudflare/log.ts';
import { workerRuntime } from '../../adapters/cloudflare/runtime.ts';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySecrets } from '../../adapters/memory/secrets.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createMesh, type Mesh } from '../../adapters/mesh.ts';
import type { Task } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { createRules } from './data.ts';

export { Log } from '../../adapters/cloudflare/log.ts';
export { FloorLog } from './floor.ts';

interface BenchEnv {
  readonly LOG: DurableObjectNamespace<Log>;
  readonly TULLE_ADMIN_KEY: string;
}

/** The mesh as it runs on Workers, but for KV and D1, which raw workerd does not have. */
const meshes = new WeakMap<BenchEnv, Promise<Mesh>>();

async function toMesh(env: BenchEnv): Promise<Mesh> {
  let mesh = meshes.get(env);
  if (mesh === undefined) {
    mesh = open(env);
    meshes.set(env, mesh);
  }
  return mesh;
}

async function open(env: BenchEnv): Promise<Mesh> {
  const snapshots = createMemorySnapshots();
  await snapshots.put({
    tenant: 'default',
    bus: 'default',
    version: 1,
    settings: { shards: 1, record: 'all', retentionSeconds: 3_600 },
    rules: createRules(),
    keys: [],
  });
  return createMesh({
    documents: createMemoryDocuments(),
    snapshots,
    secrets: createMemorySecrets(),
    queue: createLogQueue(env.LOG),
    ledger: createLogLedger(env.LOG),
    deadLetters: createLogDeadLetters(env.LOG),
    runtime: workerRuntime,
    adminKey: env.TULLE_ADMIN_KEY,
    allowPrivateTargets: false,
    exactLength: true,
    report: (message, error) => console.error(message, error),
  });
}

export class Dispatcher extends WorkerEntrypoint<BenchEnv> {
  async dispatch(messages: readonly string[], task?: Task): Promise<string> {
    const settlement: Settlement = await (await toMesh(this.env)).dispatch(messages, task);
    return JSON.stringify(settlement);
  }
}

export default {
  async fetch(request, env) {
    return (await toMesh(env)).fetch(request);
  },
} satisfies ExportedHandler<BenchEnv>;
