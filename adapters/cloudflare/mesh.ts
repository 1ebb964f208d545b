import type { BundledFunction } from '../../functions/compute/define-function.ts';
import { createMesh, type Mesh } from '../mesh.ts';
import { sources } from '../sources.ts';
import { createEnvironmentSecrets } from '../secrets.ts';
import { createCertificates } from './certificates.ts';
import { createD1Documents } from './documents.ts';
import {
  createLogDeadLetters,
  createLogErasure,
  createLogLedger,
  createLogQueue,
  createLogReplays,
  createLogWaits,
} from './queue.ts';
import { createQueuesQueue } from './queues.ts';
import { createWorkerOutbox } from './queues-handler.ts';
import { logFunction, report, workerRuntime } from './runtime.ts';
import { createServices } from './services.ts';
import { sourcesBeside } from './sources-beside.ts';
import { createKvSnapshots } from './snapshots.ts';

/** What `wrangler secret put` sets, beside the bindings of wrangler.toml. */
export type WorkerEnv = Env & {
  readonly TULLE_ADMIN_KEY?: string;
  readonly TULLE_MASTER_KEY?: string;
  readonly TULLE_MASTER_KEY_PREVIOUS?: string;
};

/** One mesh an isolate: it holds the compiled snapshots. */
export function createMeshes(options: { readonly functions: readonly BundledFunction[] }): (env: WorkerEnv) => Mesh {
  const meshes = new WeakMap<Env, Mesh>();
  return (env) => {
    let mesh = meshes.get(env);
    if (mesh === undefined) {
      const log = createLogQueue(env.LOG);
      const outbox = createWorkerOutbox(env);
      mesh = createMesh({
        documents: createD1Documents(env.DOCUMENTS),
        snapshots: createKvSnapshots(env.SNAPSHOTS),
        secrets: createEnvironmentSecrets(env),
        queue: outbox === undefined ? log : createQueuesQueue({ outbox, log }),
        queues: outbox === undefined ? [] : ['cloudflare-queues'],
        ledger: createLogLedger(env.LOG),
        deadLetters: createLogDeadLetters(env.LOG),
        replays: createLogReplays(env.LOG),
        erasure: createLogErasure(env.LOG),
        waits: createLogWaits(env.LOG),
        runtime: workerRuntime,
        adminKey: env.TULLE_ADMIN_KEY,
        masterKeys: { current: env.TULLE_MASTER_KEY, previous: env.TULLE_MASTER_KEY_PREVIOUS },
        connectionSupport: { certificate: createCertificates(env) },
        allowPrivateTargets: (env.TULLE_ALLOW_PRIVATE_TARGETS as string) === 'true',
        functions: { bundle: options.functions, service: createServices(env), log: logFunction },
        name: 'cloudflare',
        sources,
        sourcesBeside,
        exactLength: true,
        report,
      });
      meshes.set(env, mesh);
    }
    return mesh;
  };
}
