import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeQueued } from '../../../adapters/cloudflare/queues-message.ts';
import { admin, deliveries, publish } from './client.ts';

/** What the target got; outbound requests of the Worker end here. */
let received: { headers: Headers; body: string }[];
let answer: () => Response;

beforeEach(() => {
  received = [];
  answer = () => new Response(null, { status: 204 });
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    received.push({ headers: request.headers, body: await request.text() });
    return answer();
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a bus on Cloudflare Queues, in the Worker as it is deployed', () => {
  it('delivers, and writes history into the log', async () => {
    await createBus('walk');
    const response = await publish('walk', event('e1'));
    expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 1 }] });
    await vi.waitFor(() => expect(received).toHaveLength(1), 5_000);
    await vi.waitFor(async () => {
      expect(await deliveries('walk')).toMatchObject([{ eventId: 'e1', status: 'delivered', attempt: 1 }]);
    }, 5_000);
    expect(await batchesOf('walk')).toBe(0);
  }, 20_000);

  it('carries an event that is larger than a message of Queues through the bucket, and empties it', async () => {
    await createBus('large');
    const text = 'ü'.repeat(400_000);
    await publish('large', event('e1', { text }));
    expect((await env.BODIES.list({ prefix: 'default/large/' })).objects).toHaveLength(1);
    await vi.waitFor(() => expect(received).toHaveLength(1), 5_000);
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ text });
    await vi.waitFor(async () => {
      expect((await env.BODIES.list({ prefix: 'default/large/' })).objects).toEqual([]);
    }, 5_000);
  }, 20_000);

  it('tries again through the queue when a target fails', async () => {
    await createBus('again');
    let failures = 1;
    answer = () => new Response(null, { status: failures-- > 0 ? 503 : 204 });
    await publish('again', event('e1'));
    await vi.waitFor(() => expect(received).toHaveLength(2), 25_000);
    await vi.waitFor(async () => {
      expect((await deliveries('again')).map(({ status }) => status)).toEqual(['delivered', 'retrying']);
    }, 5_000);
    expect(await batchesOf('again')).toBe(0);
  }, 40_000);
});

describe('the crash guard of Queues', () => {
  it('keeps in the log what could not be dispatched, when the queue has tried often enough', async () => {
    const body = encodeQueued({ place: { tenant: 'default', bus: 'guard', shard: 0 }, body: 'no envelope' });
    await env.QUEUE.send(body, { contentType: 'bytes' });
    const log = env.LOG.getByName('default/guard/0');
    // Twice more in the tests, after one and two seconds.
    await vi.waitFor(async () => {
      const rows = await runInDurableObject(log, (_instance, { storage }) =>
        storage.sql.exec('SELECT body FROM quarantine').toArray(),
      );
      expect(rows).toEqual([{ body: 'no envelope' }]);
    }, 15_000);
  }, 20_000);
});

/** Batches that went through the log. */
async function batchesOf(bus: string): Promise<number> {
  return (await env.LOG.getByName(`default/${bus}/0`).rowsKept()) - (await deliveries(bus)).length;
}

function event(id: string, data: unknown = { amount: 1 }): Record<string, unknown> {
  return { specversion: '1.0', id, source: '/shop', type: 'order.created', data };
}

async function createBus(bus: string, target: Record<string, unknown> = {}): Promise<void> {
  await admin(`/v1/admin/buses/${bus}`, { queue: 'cloudflare-queues' });
  await admin(`/v1/admin/buses/${bus}/rules/all`, {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' }, ...target }],
  });
}
