import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createLiveDocuments } from '../../admin/changes/live-documents.ts';
import { createPublisher } from '../../admin/publisher.ts';
import { createTenantRemoval } from '../../admin/tenant-removal.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { wrap } from './faults.ts';
import { createHarness, type Harness, ruleBody } from './harness.ts';

const pastQuiet = 151_000;

async function createTenant({ call }: Harness, name = 'acme'): Promise<string> {
  await call('PUT', `/tenants/${name}`, { body: {} });
  const made = await call('POST', `/tenants/${name}/keys`, { body: { role: 'admin', buses: ['*'] } });
  const key = made.json['key'] as unknown as string;
  const put = async (path: string, body: object): Promise<void> => {
    const answer = await call('PUT', path, { key, body });
    if (answer.status >= 300) throw new Error(answer.text);
  };
  for (const bus of ['orders', 'users']) {
    await put(`/buses/${bus}`, { shards: bus === 'orders' ? 3 : 1 });
    await put(`/buses/${bus}/rules/crm`, ruleBody);
    await put(`/buses/${bus}/archives/all`, { filter: ruleBody.filter });
  }
  await put('/connections/crm', { bearer: { token: 'token-of-the-connection' } });
  await put('/secrets/pii', { value: 'value-of-the-secret' });
  await put('/functions/score', { runs: { http: 'https://functions.example.com/' } });
  await put('/schemas/order', { type: 'order.created' });
  await put('/identities/login', {
    issuer: 'https://login.example.com',
    audience: [name],
    access: [{ claims: { groups: 'ops' }, role: 'viewer', buses: ['*'] }],
  });
  return key;
}

/** What there is of a tenant, as everybody reads it, but for its history. */
async function leftOf({ live }: Pick<Harness, 'live'>, tenant: string): Promise<string[]> {
  const { items } = await live.list('', { limit: 1_000_000 });
  const keys = items.filter(
    ({ key, value }) => key.split('/')[1] === tenant || JSON.stringify(value).includes(`"${tenant}"`),
  );
  return keys.map(({ key }) => key).filter((key) => !/^(change|head)\//.test(key));
}

describe('deleting a tenant', () => {
  let harness: Harness;
  let key: string;
  beforeEach(async () => {
    harness = createHarness();
    key = await createTenant(harness);
    await createTenant(harness, 'globex');
  });

  it('asks for its name twice, and may ask for its version', async () => {
    const { call } = harness;
    for (const query of ['', '?confirm=', '?confirm=globex', '?confirm=true']) {
      const refused = await call('DELETE', `/tenants/acme${query}`);
      expect([refused.status, refused.json['place']], query).toEqual([400, 'confirm']);
    }
    const headers = { 'if-match': '"99"' };
    expect((await call('DELETE', '/tenants/acme?confirm=acme', { headers })).status).toBe(409);
    expect((await call('DELETE', '/tenants/nobody?confirm=nobody')).status).toBe(404);
    expect((await call('DELETE', '/tenants/default?confirm=default')).status).toBe(400);
    expect((await call('DELETE', '/tenants/acme?confirm=acme', { key })).status).toBe(403);
    expect((await call('GET', '/buses', { key })).status).toBe(200);
  });

  it('shuts every door at once, and leaves nothing but its name and history', async () => {
    const { call, clock, snapshots, documents, runtime } = harness;
    const others = await leftOf(harness, 'globex');
    const deleted = await call('DELETE', '/tenants/acme?confirm=acme', { headers: { 'change-reason': 'they left' } });
    expect(deleted.status).toBe(202);
    expect(deleted.json).toMatchObject({ name: 'acme', deleting: expect.any(String) });
    expect((await call('GET', '/buses', { key })).status).toBe(401);
    for (const bus of ['orders', 'users']) expect(await snapshots.get('acme', bus)).toBeUndefined();
    const body = { role: 'admin', buses: ['*'] };
    expect((await call('POST', '/tenants/acme/keys', { body })).status).toBe(409);
    expect((await call('PUT', '/tenants/acme', { body: {} })).status).toBe(409);
    expect(await leftOf(harness, 'acme')).toEqual(['removal/acme', 'tenant/acme']);

    const erased: ShardPlace[] = [];
    const removal = createTenantRemoval({
      documents: harness.live,
      publisher: createPublisher({ documents, snapshots, runtime }),
      runtime,
      erasure: { erase: async (place) => void erased.push(place) },
    });
    await removal.tick();
    expect(erased).toEqual([]);
    clock.now += pastQuiet;
    await removal.tick();
    expect(erased.map(({ bus, shard }) => `${bus}/${shard}`)).toEqual(['orders/0', 'orders/1', 'orders/2', 'users/0']);
    expect(await leftOf(harness, 'acme')).toEqual(['tenant/acme']);
    expect((await call('DELETE', '/tenants/acme?confirm=acme')).status).toBe(204);

    expect((await call('GET', '/tenants/acme')).json).toMatchObject({ name: 'acme', deleted: expect.any(String) });
    expect((await call('PUT', '/tenants/acme', { body: {} })).json['code']).toBe('in_use');
    const { items } = (await call('GET', '/tenants/acme/changes?limit=100')).json as unknown as {
      items: { by: string; why?: string; previousHash: string; hash: string }[];
    };
    expect(items.some(({ by, why }) => by === 'operator' && why === 'they left')).toBe(true);
    for (const [index, { previousHash }] of items.slice(0, -1).entries()) {
      expect(previousHash).toBe(items[index + 1]?.hash);
    }
    expect(await leftOf(harness, 'globex')).toEqual(others);
    expect(harness.failures).toEqual([]);
  });

  it('gives its issuers and audiences back', async () => {
    const { call } = harness;
    const identity = {
      issuer: 'https://login.example.com',
      audience: ['acme'],
      access: [{ claims: { groups: 'ops' }, role: 'viewer', buses: ['*'] }],
    };
    expect((await call('PUT', '/identities/login', { body: identity })).status).toBe(409);
    await call('DELETE', '/tenants/acme?confirm=acme');
    expect((await call('PUT', '/identities/login', { body: identity })).status).toBe(201);
  });

  it('takes many documents and shards in steps', async () => {
    const { call, clock, documents, snapshots, runtime, live } = harness;
    await call('PUT', '/buses/orders', { key, body: { shards: 64 } });
    const edits = Array.from({ length: 1_000 }, (_, index) => ({
      put: { kind: 'rule', bus: 'orders', name: `r${index}`, ...ruleBody },
    }));
    expect((await call('POST', '/changes', { key, body: { edits } })).status).toBe(201);
    await call('DELETE', '/tenants/acme?confirm=acme');
    expect((await live.list('rule/acme/', { limit: 1_000 })).items.length).toBeGreaterThan(0);
    const erased = new Set<string>();
    const removal = createTenantRemoval({
      documents: live,
      publisher: createPublisher({ documents, snapshots, runtime }),
      runtime,
      erasure: { erase: async ({ bus, shard }) => void erased.add(`${bus}/${shard}`) },
    });
    for (let tick = 0; tick < 10 && (await live.get('removal/acme')) !== undefined; tick += 1) {
      clock.now += pastQuiet;
      await removal.tick();
    }
    expect(await leftOf(harness, 'acme')).toEqual(['tenant/acme']);
    expect(erased.size).toBe(65);
  });
});

describe('deleting a tenant, killed at any call', () => {
  it('goes on where it was', async () => {
    let kills = 0;
    for (let killAt = 0; ; killAt += 1) {
      const store = { documents: createMemoryDocuments(), snapshots: createMemorySnapshots() };
      const harness = createHarness(store);
      await createTenant(harness);
      let calls = 0;
      const dying = wrap(store, async (work) => {
        calls += 1;
        if (calls > killAt) throw new Error('killed');
        return work();
      });
      const runtime = { ...harness.runtime, pause: async () => {} };
      const removalOn = (ports: typeof store, erased: string[]) => {
        const publisher = createPublisher({ ...ports, runtime });
        const erasure = { erase: async ({ bus, shard }: ShardPlace) => void erased.push(`${bus}/${shard}`) };
        return createTenantRemoval({ documents: createLiveDocuments(ports.documents), publisher, runtime, erasure });
      };
      const erased: string[] = [];
      const order = { tenant: 'acme', by: 'operator' };
      let isKilled = false;
      try {
        const removal = removalOn(dying as typeof store, erased);
        await removal.begin(order);
        await removal.goOn('acme', 3);
        harness.clock.now += pastQuiet;
        await removal.goOn('acme', 3);
      } catch {
        isKilled = true;
      }
      kills += 1;

      // Whoever comes next: the clock, or the operator once more where nothing had begun.
      const removal = removalOn(store, erased);
      const publisher = createPublisher({ ...store, runtime });
      await publisher.repair();
      if ((await harness.live.get('removal/acme')) === undefined && (await harness.live.get('bus/acme/orders'))) {
        await removal.begin(order);
      }
      harness.clock.now += pastQuiet;
      for (let tick = 0; tick < 3; tick += 1) await removal.tick();
      expect(await leftOf(harness, 'acme'), `killed at ${killAt}`).toEqual(['tenant/acme']);
      expect(new Set(erased)).toEqual(new Set(['orders/0', 'orders/1', 'orders/2', 'users/0']));
      expect(await store.snapshots.get('acme', 'orders')).toBeUndefined();
      if (!isKilled && calls <= killAt) break;
      // Every call near the beginning, then some.
      if (killAt > 60) killAt += 6;
    }
    expect(kills).toBeGreaterThan(30);
  }, 120_000);
});
