import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { createD1Documents } from '../../adapters/cloudflare/documents.ts';
import { createKvSnapshots } from '../../adapters/cloudflare/snapshots.ts';
import { createHarness, ruleBody, statusesOf } from './harness.ts';

/** The admin API where it runs: no code generation, D1 and KV underneath. */
describe('the admin API inside workerd', () => {
  const documents = createD1Documents(env.DOCUMENTS);
  const snapshots = createKvSnapshots(env.SNAPSHOTS);
  beforeEach(async () => {
    await env.DOCUMENTS.exec('DROP TABLE IF EXISTS documents');
  });

  it('creates, publishes, changes and deletes', async () => {
    const { call, keyFor, failures } = createHarness({ documents, snapshots });
    expect((await call('PUT', '/buses/orders', { body: { retention: '3d' } })).status).toBe(201);
    const steps = [{ transform: { jsonata: '{ "id": data.userId }' } }];
    const created = await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, steps } });
    expect([created.status, created.json['code']]).toEqual([201, undefined]);
    const key = await keyFor('viewer', ['orders']);
    expect((await call('GET', '/buses/orders/rules', { key })).json).toMatchObject({
      items: [{ version: 2, document: created.json }],
    });
    expect((await call('GET', '/status', { key })).json).toMatchObject({
      items: [{ bus: 'orders', rules: 1, version: 3, liveVersion: 3, live: true }],
    });
    expect((await snapshots.get('default', 'orders'))?.keys).toHaveLength(1);

    expect((await call('DELETE', '/buses/orders/rules/crm')).status).toBe(204);
    expect((await call('DELETE', '/buses/orders')).status).toBe(204);
    expect(await snapshots.get('default', 'orders')).toBeUndefined();
    expect((await documents.list('unpublished/')).items).toEqual([]);
    expect(failures).toEqual([]);
  });

  it('names every fault, whatever part it is in', async () => {
    const { call, failures } = createHarness({ documents, snapshots });
    await call('PUT', '/buses/orders', { body: {} });
    const body = { filter: { pattern: { type: 'x' } }, steps: [{ nope: 1 }], targets: [{ name: 'a', htpp: {} }] };
    const answer = await call('PUT', '/buses/orders/rules/crm', { body });
    expect(answer.status).toBe(400);
    expect(answer.json['errors']).toHaveLength(4);
    expect(failures).toEqual([]);
  });

  it('lets exactly one of several creators win', async () => {
    const { call } = createHarness({ documents, snapshots });
    const headers = { 'if-none-match': '*' };
    const bodies = ['one', 'two', 'three'].map((description) => ({ description }));
    const answers = await Promise.all(bodies.map((body) => call('PUT', '/buses/orders', { body, headers })));
    expect(statusesOf(answers)).toEqual([201, 409, 409]);
  });

  it('converges when several rules are written at once', async () => {
    const { call, failures } = createHarness({ documents, snapshots });
    await call('PUT', '/buses/orders', { body: {} });
    const names = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'];
    await Promise.all(names.map((name) => call('PUT', `/buses/orders/rules/${name}`, { body: ruleBody })));
    const live = await snapshots.get('default', 'orders');
    expect(live?.rules.map(({ name }) => name)).toEqual(names);
    expect((await call('GET', '/status')).json).toMatchObject({ items: [{ live: true, version: live?.version }] });
    expect(failures).toEqual([]);
  });
});
