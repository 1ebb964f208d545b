import { describe, expect, it } from 'vitest';
import { type CallOptions, createHarness, type Harness, ruleBody } from './harness.ts';

const target = (name: string) => ({ name, http: { url: 'https://crm.example/hooks' } });

async function createTenant(harness: Harness, quotas: object) {
  const set = (body: object) => harness.call('PUT', '/tenants/acme', { body });
  const put = await set({ quotas });
  expect(put.status).toBe(201);
  const made = await harness.call('POST', '/tenants/acme/keys', { body: { role: 'admin', buses: ['*'] } });
  const key = made.json['key'] as unknown as string;
  const call = (method: string, path: string, options: CallOptions = {}) =>
    harness.call(method, path, { key, ...options });
  return { call, set, key };
}

const refusal = ({ status, json }: Awaited<ReturnType<Harness['call']>>): readonly unknown[] => [
  status,
  json['code'],
  json['place'] ?? '',
];
const beyond = (place: string) => [409, 'limit_reached', place];

describe('quotas of a tenant', () => {
  it('bound buses, rules, targets and keys', async () => {
    const harness = createHarness();
    const { call } = await createTenant(harness, { buses: 1, rules: 2, targets: 3, keys: 2 });
    const body = { role: 'viewer', buses: ['*'] };
    expect((await call('PUT', '/buses/orders', { body: {} })).status).toBe(201);
    expect(refusal(await call('PUT', '/buses/users', { body: {} }))).toEqual(beyond(''));
    expect((await call('PUT', '/buses/orders/rules/one', { body: ruleBody })).status).toBe(201);
    const three = { ...ruleBody, targets: ['a', 'b', 'c'].map(target) };
    expect(refusal(await call('PUT', '/buses/orders/rules/two', { body: three }))).toEqual(beyond('/targets'));
    const dead = { ...ruleBody, targets: [{ ...target('a'), deadLetter: { http: { url: 'https://dlq.example/' } } }] };
    expect((await call('PUT', '/buses/orders/rules/two', { body: dead })).status).toBe(201);
    expect(refusal(await call('PUT', '/buses/orders/rules/three', { body: ruleBody }))).toEqual(beyond(''));
    expect((await call('POST', '/keys', { body })).status).toBe(201);
    const refused = await call('POST', '/keys', { body });
    expect(refusal(refused)).toEqual(beyond(''));
    expect(refused.json['mend']).toContain('ask the operator');
    expect(refusal(await harness.call('POST', '/tenants/acme/keys', { body }))).toEqual(beyond(''));
    // The operator's own tenant has none.
    expect((await harness.call('PUT', '/buses/one', { body: {} })).status).toBe(201);
    expect((await harness.call('PUT', '/buses/two', { body: {} })).status).toBe(201);
  });

  it('bound the days for which something is stored', async () => {
    const { call } = await createTenant(createHarness(), { storedDays: 7 });
    expect(refusal(await call('PUT', '/buses/orders', { body: { retention: '169h' } }))).toEqual(beyond('/retention'));
    expect((await call('PUT', '/buses/orders', { body: { retention: '168h' } })).status).toBe(201);
    const { filter } = ruleBody;
    expect(refusal(await call('PUT', '/buses/orders/archives/a', { body: { filter } }))).toEqual(beyond('/retention'));
    expect((await call('PUT', '/buses/orders/archives/a', { body: { filter, retention: '7d' } })).status).toBe(201);
  });

  it('bound a change set as a whole, and say where', async () => {
    const { call } = await createTenant(createHarness(), { rules: 2 });
    const rule = (name: string) => ({ put: { kind: 'rule', bus: 'orders', name, ...ruleBody } });
    const bus = { put: { kind: 'bus', name: 'orders' } };
    const post = (edits: readonly object[], dryRun = false) => call('POST', '/changes', { body: { edits, dryRun } });
    expect(refusal(await post([bus, rule('a'), rule('b'), rule('c')], true))).toEqual(beyond('/edits/3/put'));
    expect((await post([bus, rule('a'), rule('b')])).status).toBe(201);
    const remove = { delete: { kind: 'rule', bus: 'orders', name: 'a' } };
    expect((await post([remove, rule('c')])).status).toBe(201);
  });

  it('are set by the operator only', async () => {
    const harness = createHarness();
    const { call } = await createTenant(harness, { buses: 1 });
    expect((await call('PUT', '/tenants/acme', { body: {} })).status).toBe(403);
    const edits = [{ put: { kind: 'tenant', name: 'acme' } }];
    expect((await call('POST', '/changes', { body: { edits } })).status).toBe(400);
    const restore = [{ restore: { kind: 'tenant', name: 'acme' }, to: 1 }];
    expect((await call('POST', '/changes', { body: { edits: restore } })).status).toBe(400);
    const wrong = await harness.call('PUT', '/tenants/acme', { body: { quotas: { rule: 1 } } });
    expect([wrong.status, wrong.json['place']]).toEqual([400, '/quotas/rule']);
  });

  it('that are lowered take nothing away, and let nothing be added', async () => {
    const { call, set } = await createTenant(createHarness(), {});
    await call('PUT', '/buses/orders', { body: { retention: '30d' } });
    for (const name of ['a', 'b', 'c']) await call('PUT', `/buses/orders/rules/${name}`, { body: ruleBody });
    expect((await set({ quotas: { rules: 1, targets: 1, storedDays: 1 } })).status).toBe(200);
    const changed = { ...ruleBody, enabled: false };
    expect((await call('PUT', '/buses/orders/rules/a', { body: changed })).status).toBe(200);
    expect((await call('PUT', '/buses/orders', { body: { retention: '29d' } })).status).toBe(200);
    expect((await call('PUT', '/buses/orders', { body: { retention: '30d' } })).status).toBe(409);
    expect((await call('DELETE', '/buses/orders/rules/a')).status).toBe(204);
    expect((await call('PUT', '/buses/orders/rules/d', { body: ruleBody })).status).toBe(409);
  });

  it('are shown with what there is of them, to the operator and in the status', async () => {
    const harness = createHarness();
    const { call } = await createTenant(harness, { rules: 5, eventsPerSecond: 100 });
    await call('PUT', '/buses/orders', { body: { retention: '36h' } });
    await call('PUT', '/buses/orders/rules/a', { body: ruleBody });
    const usage = {
      buses: { used: 1 },
      rules: { used: 1, most: 5 },
      targets: { used: 1 },
      keys: { used: 1 },
      storedDays: { used: 2 },
      eventsPerSecond: { most: 100 },
    };
    expect((await harness.call('GET', '/tenants/acme/usage')).json).toEqual(usage);
    expect((await call('GET', '/status')).json).toMatchObject({ items: [{ bus: 'orders' }], usage });
    expect((await call('GET', '/tenants/acme/usage')).status).toBe(403);
    const made = await call('POST', '/keys', { body: { role: 'viewer', buses: ['orders'] } });
    const some = await call('GET', '/status', { key: made.json['key'] as unknown as string });
    expect(some.json['usage']).toBeUndefined();
  });

  it('reach the mesh with every bus of the tenant', async () => {
    const harness = createHarness();
    const { call, set } = await createTenant(harness, {});
    await call('PUT', '/buses/orders', { body: {} });
    expect((await harness.snapshots.get('acme', 'orders'))?.eventsPerSecond).toBeUndefined();
    await set({ quotas: { eventsPerSecond: 100 } });
    expect((await harness.snapshots.get('acme', 'orders'))?.eventsPerSecond).toBe(100);
    await set({});
    expect((await harness.snapshots.get('acme', 'orders'))?.eventsPerSecond).toBeUndefined();
    expect(harness.failures).toEqual([]);
  });
});
