import { WorkerEntrypoint } from 'cloudflare:workers';
import type { BundledFunction } from '../../functions/compute/define-function.ts';
import type { Task } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { runConnectors } from '../run-connectors.ts';
import { createMeshes } from './mesh.ts';
import { createQueueHandler } from './queues-handler.ts';

/** What an entry file exports: see `createWorker`. */
export interface TulleWorker {
  readonly worker: Required<Pick<ExportedHandler<Env>, 'fetch' | 'scheduled' | 'queue'>>;
  readonly Dispatcher: new (
    context: ExecutionContext,
    env: Env,
  ) => WorkerEntrypoint<Env> & { dispatch(messages: readonly string[], task?: Task): Promise<string> };
}

export interface WorkerOptions {
  /** The functions in the bundle. */
  readonly functions: readonly BundledFunction[];
}

/**
 * A whole Worker. An entry file exports `worker` as default, `Dispatcher` by its name, and `Log` from `log.ts`:
 * the platform finds the classes by the names that they are exported with.
 */
export function createWorker(options: WorkerOptions): TulleWorker {
  const toMesh = createMeshes(options);

  /** What the log hands its batches to, by RPC: each call has CPU time and connections of its own. */
  class Dispatcher extends WorkerEntrypoint<Env> {
    /** Answers the settlement as JSON text: a quarter of what structured cloning of hundreds of records costs. */
    async dispatch(messages: readonly string[], task?: Task): Promise<string> {
      const settlement: Settlement = await toMesh(this.env).dispatch(messages, task);
      return JSON.stringify(settlement);
    }
  }

  const worker = {
    fetch: (request, env) => toMesh(env).fetch(request),
    async scheduled({ scheduledTime }, env) {
      const mesh = toMesh(env);
      await Promise.all([mesh.tick(), runConnectors(mesh, { scheduledTime })]);
    },
    queue: createQueueHandler(toMesh),
  } satisfies ExportedHandler<Env>;

  return { worker, Dispatcher };
}
