import { expect, it } from 'vitest';
import { createEvent, createHarness } from './harness.ts';

it('a tenant that publishes more than its quota is refused until it is over, and nobody else', async () => {
  const harness = createHarness();
  const keys: Record<string, string> = {};
  for (const tenant of ['acme', 'globex']) {
    const quotas = tenant === 'acme' ? { eventsPerSecond: 10 } : {};
    await harness.admin('PUT', `/v1/admin/tenants/${tenant}`, { quotas });
    const made = await harness.admin('POST', `/v1/admin/tenants/${tenant}/keys`, { role: 'admin', buses: ['*'] });
    const { key } = (await made.json()) as { key: string };
    keys[tenant] = key;
    for (const bus of ['orders', 'users']) {
      await harness.mesh.fetch(
        new Request(`https://mesh.test/v1/admin/buses/${bus}`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: '{}',
        }),
      );
    }
  }
  const batch = (count: number): object[] => Array.from({ length: count }, (_, index) => createEvent(`e${index}`));
  const publish = (tenant: string, count: number, bus = 'orders'): Promise<Response> =>
    harness.publish(batch(count), { bus, key: keys[tenant] ?? '' });

  expect((await publish('acme', 40)).status).toBe(202);
  // All of its buses share it.
  const refused = await publish('acme', 1, 'users');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
  expect(await refused.json()).toMatchObject({
    code: 'too_many_requests',
    detail: 'The tenant has used up its quota of 10 events a second.',
    mend: expect.stringContaining('Retry-After'),
  });
  expect((await publish('globex', 1_000)).status).toBe(202);
  expect((await publish('globex', 1_000)).status).toBe(202);
  harness.now += 3_100;
  expect((await publish('acme', 1, 'users')).status).toBe(202);
  // What is refused for another reason is not counted.
  expect((await harness.publish([{}], { bus: 'orders', key: keys['acme'] ?? '' })).status).toBe(429);
  harness.now += 60_000;
  const usage = await (await harness.admin('GET', '/v1/admin/tenants/acme/usage')).json();
  expect(usage).toMatchObject({ eventsPerSecond: { used: 0.7, refused: 2, most: 10 } });
});
