import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { beforeEach, vi } from 'vitest';
import { toText } from '../../../adapters/cloudflare/queues-message.ts';
import type { Sendable } from '../../../adapters/cloudflare/queues-outbox.ts';
import { createDurableObjectSql } from '../../../adapters/cloudflare/sql.ts';
import worker from '../../../adapters/cloudflare/worker.ts';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeQueue, type QueueHost, type QueueUnderTest } from '../../conformance/queue.ts';
import { openQueues } from './queues-under-test.ts';

let objects = 0;
let arrived: unknown[] = [];

/**
 * Messages go through the local simulator's queue and bucket; only their delays are the test's, since real ones could not
 * be waited for.
 */
beforeEach(() => {
  arrived = [];
  vi.spyOn(worker, 'queue').mockImplementation(({ messages }) => {
    arrived.push(...messages.map(({ body }) => body));
    return Promise.resolve();
  });
});

describeQueue('Cloudflare Queues in workerd', run, {
  'loses nothing in a crash between append and drain, and repeats nothing that was settled':
    'the local simulator keeps queues in memory, so that nothing can be shown of what the platform keeps',
});
describeDeadLetters('Cloudflare Queues in workerd', run);

async function run(host: QueueHost, work: (queue: QueueUnderTest) => Promise<void>): Promise<void> {
  const stub = env.LOG.getByName(`conformance/${objects++}/0`);
  await runInDurableObject(stub, (_instance, { storage }) =>
    work(openQueues(host, { bucket: env.BODIES, reopen: () => createDurableObjectSql(storage), carry })),
  );
}

async function carry(batch: readonly Sendable[]): Promise<readonly unknown[]> {
  await env.QUEUE.sendBatch(batch.map(({ body, contentType }) => ({ body, contentType })));
  return Promise.all(batch.map(({ body }) => arrival(toText(body))));
}

/** What came out is taken as it is; others may be under way at the same time. */
async function arrival(body: string): Promise<unknown> {
  for (;;) {
    const place = arrived.findIndex((other) => toText(other) === body);
    if (place >= 0) return arrived.splice(place, 1)[0];
    await scheduler.wait(5);
  }
}
