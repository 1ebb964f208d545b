import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask } from './client.ts';

let received: Headers[];

beforeEach(() => {
  received = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    received.push(new Request(input, init).headers);
    return Promise.resolve(new Response(null, { status: 204 }));
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a replay on the Worker', () => {
  it('delivers what all shards keep, also to lanes of other shards, and completes', async () => {
    await ask('PUT', '/v1/admin/buses/kept', { shards: 3 });
    await ask('PUT', '/v1/admin/buses/kept/rules/all', {
      filter: { pattern: { source: ['/shop'] } },
      targets: [
        { name: 'crm', http: { url: 'https://crm.example.com/' } },
        { name: 'slow', http: { url: 'https://slow.example.com/' }, rateLimit: { perSecond: 1_000 } },
      ],
    });
    await ask('PUT', '/v1/admin/buses/kept/archives/shop', { filter: { pattern: { source: ['/shop'] } } });
    const ids = Array.from({ length: 12 }, (_, index) => `e${index}`);
    const from = Date.now() - 1;
    for (const id of ids) await publish(id);
    await vi.waitFor(() => expect(received).toHaveLength(24), 10_000);
    received.length = 0;

    const to = Date.now();
    const path = '/v1/buses/kept/replays/again';
    expect(await ask('PUT', path, { archive: 'shop', from, to })).toMatchObject({ state: 'running' });
    await vi.waitFor(() => expect(received).toHaveLength(24), 10_000);
    expect(received.every((headers) => headers.get('ce-replayname') === 'again')).toBe(true);
    expect(new Set(received.map((headers) => headers.get('ce-id')))).toEqual(new Set(ids));
    expect(await ask('PUT', path, { archive: 'shop', from, to })).toMatchObject({
      progress: { read: 12, replayed: 12, deliveries: 24 },
    });
    await vi.waitFor(
      async () => expect(await ask('GET', path)).toMatchObject({ state: 'completed', progress: { done: 1 } }),
      { timeout: 20_000, interval: 500 },
    );
    expect(received).toHaveLength(24);
    expect(await ask('GET', '/v1/buses/kept/replays')).toMatchObject({ replays: [{ name: 'again' }] });
    await ask('DELETE', path);
    expect(await ask('GET', '/v1/buses/kept/replays')).toEqual({ replays: [] });
  }, 60_000);
});

async function publish(partitionkey: string): Promise<void> {
  const event = { specversion: '1.0', id: partitionkey, source: '/shop', type: 'x', partitionkey, data: partitionkey };
  await ask('POST', '/v1/buses/kept/events', event, 'application/cloudevents+json');
}
