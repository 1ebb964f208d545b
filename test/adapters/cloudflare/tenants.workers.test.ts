import { env, exports } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';

const adminKey = 'admin-key-of-the-test-suite';

describe('a tenant that is deleted on Workers', () => {
  it('gets nobody in any more, and its logs can be erased', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { status: 400 }));
    expect((await call(adminKey, 'PUT', 'admin/tenants/acme', {})).status).toBe(201);
    const made = await call(adminKey, 'POST', 'admin/tenants/acme/keys', { role: 'admin', buses: ['*'] });
    const { key } = (await made.json()) as { key: string };
    expect((await call(key, 'PUT', 'admin/buses/orders', { record: 'all' })).status).toBe(201);
    const rule = {
      filter: { pattern: { source: ['/shop'] } },
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/' }, retry: { maxAttempts: 1 } }],
    };
    expect((await call(key, 'PUT', 'admin/buses/orders/rules/crm', rule)).status).toBe(201);
    const publish = (): Promise<Response> =>
      exports.default.fetch('https://mesh.test/v1/buses/orders/events', {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify({ specversion: '1.0', id: 'e1', source: '/shop', type: 'order.created' }),
      });
    expect((await publish()).status).toBe(202);
    const log = env.LOG.getByName('acme/orders/0');
    const letters = async (): Promise<number> =>
      (await log.listDeadLetters({ limit: 10, filter: {}, eventLength: 0 } as never)).items.length;
    await vi.waitFor(async () => expect(await letters()).toBe(1), 10_000);

    expect((await call(adminKey, 'DELETE', 'admin/tenants/acme?confirm=acme')).status).toBe(202);
    expect((await call(key, 'GET', 'admin/buses')).status).toBe(401);
    expect((await call(key, 'GET', 'buses/orders/deliveries')).status).toBe(401);
    await vi.waitFor(async () => expect((await publish()).status).toBe(401), 10_000);
    expect(await env.SNAPSHOTS.get('acme/orders')).toBeNull();

    await log.erase();
    expect(await letters()).toBe(0);
    expect(await log.books()).toMatchObject({ planned: 0, deadLettered: 0 });
    await log.erase();
    const alarm = await runInDurableObject(log, (_instance, state) => state.storage.getAlarm());
    expect(alarm).toBeNull();
    // What comes by a snapshot of before begins the log anew.
    await log.append({ messages: [] }, 60);
    vi.restoreAllMocks();
  }, 30_000);
});

async function call(key: string, method: string, path: string, body?: object): Promise<Response> {
  return exports.default.fetch(`https://mesh.test/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
