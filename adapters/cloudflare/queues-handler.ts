import type { Mesh } from '../mesh.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { createLogRecorder } from './queue.ts';
import { createQueuesConsumer } from './queues-consumer.ts';
import { createOutbox, type Outbox } from './queues-outbox.ts';
import { report, workerRuntime } from './runtime.ts';

/** `undefined` for a Worker whose wrangler.toml has no queue, or no bucket for what is too large for it. */
export function createWorkerOutbox({ QUEUE: producer, BODIES: bucket }: Partial<Env>): Outbox | undefined {
  if (producer === undefined || bucket === undefined) return undefined;
  return createOutbox({ producer, bucket, now: workerRuntime.now });
}

/** The consumer of the queue, and of its dead-letter queue, which is known by the end of its name. */
export function createQueueHandler(toMesh: (env: Env) => Mesh): ExportedHandlerQueueHandler<Env> {
  return async ({ queue, messages }, env, { exports }) => {
    const outbox = createWorkerOutbox(env);
    if (outbox === undefined) throw new Error('wrangler.toml has a consumer, but no producer QUEUE and bucket BODIES');
    const consumer = createQueuesConsumer({
      ...workerRuntime,
      outbox,
      bucket: env.BODIES,
      log: createLogRecorder(env.LOG, (tenant, bus) => toMesh(env).retention(tenant, bus)),
      consume: async (bodies) => JSON.parse(await exports.Dispatcher.dispatch(bodies)) as Settlement,
      report,
    });
    await (queue.endsWith('-dead') ? consumer.guard(messages) : consumer.consume(messages));
  };
}
