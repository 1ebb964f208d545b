import { describe, expect, it } from 'vitest';
import { createHarness, ruleBody } from './harness.ts';

describe('buses', () => {
  it('are created with every default filled in', async () => {
    const { call } = createHarness();
    const answer = await call('PUT', '/buses/orders', { body: {} });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.json).toEqual({
      kind: 'bus',
      name: 'orders',
      shards: 1,
      record: 'deliveries',
      retention: '24h',
      queue: 'log',
      schemas: 'off',
      unknownTypes: 'allow',
      discovery: false,
    });
  });

  it('are read as they can be sent back', async () => {
    const { call } = createHarness();
    const schemas = { queue: 'log', schemas: 'warn', unknownTypes: 'refuse', discovery: true };
    const body = { description: 'Orders.', shards: 4, record: 'failures', retention: '3d', ...schemas };
    await call('PUT', '/buses/orders', { body });
    const read = await call('GET', '/buses/orders');
    expect(read.status).toBe(200);
    expect(read.json).toEqual({ kind: 'bus', name: 'orders', ...body });
    const again = await call('PUT', '/buses/orders', { body: read.json });
    expect(again.status).toBe(200);
    expect(again.headers.get('etag')).toBe(read.headers.get('etag'));
  });

  it('are refused a queue that the platform does not have', async () => {
    const answer = await createHarness().call('PUT', '/buses/orders', { body: { queue: 'cloudflare-queues' } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      code: 'resource_invalid',
      detail: 'This platform has no cloudflare-queues.',
      place: '/queue',
      mend: expect.stringMatching(/^Leave queue out/),
    });
  });

  it('are not deduplicated with a queue that cannot', async () => {
    const body = { queue: 'cloudflare-queues', deduplication: { window: '1h' } };
    const { json } = await createHarness({ queues: ['cloudflare-queues'] }).call('PUT', '/buses/orders', { body });
    expect(json).toMatchObject({ code: 'resource_invalid', place: '/deduplication', mend: expect.any(String) });
  });

  it('answer HEAD as GET without a body', async () => {
    const { call } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const answer = await call('HEAD', '/buses/orders');
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([200, '', '"1"']);
  });

  it('publish a snapshot of their own, at once', async () => {
    const { call, snapshots, published } = createHarness();
    await call('PUT', '/buses/orders', { body: { shards: 2, retention: '45m' } });
    const snapshot = await snapshots.get('default', 'orders');
    expect(snapshot).toMatchObject({
      tenant: 'default',
      bus: 'orders',
      settings: { shards: 2, record: 'deliveries', retentionSeconds: 2_700 },
      rules: [],
    });
    expect(published).toEqual([{ tenant: 'default', bus: 'orders', snapshot }]);
  });

  it('deduplicate where they say so, for a day unless they say more', async () => {
    const { call, snapshots } = createHarness();
    await call('PUT', '/buses/orders', { body: { deduplication: {} } });
    expect((await call('GET', '/buses/orders')).json).toMatchObject({ deduplication: { window: '24h' } });
    expect((await snapshots.get('default', 'orders'))?.settings.deduplicationSeconds).toBe(86_400);
    await call('PUT', '/buses/orders', { body: { deduplication: { window: '7d' } } });
    expect((await snapshots.get('default', 'orders'))?.settings.deduplicationSeconds).toBe(7 * 86_400);
    await call('PUT', '/buses/orders', { body: {} });
    expect((await snapshots.get('default', 'orders'))?.settings).not.toHaveProperty('deduplicationSeconds');
    for (const [window, place] of [
      [{ window: '8d' }, '/deduplication/window'],
      [{ window: '0s' }, '/deduplication/window'],
      [{ seconds: 60 }, '/deduplication/seconds'],
    ] as const) {
      const { status, json } = await call('PUT', '/buses/orders', { body: { deduplication: window } });
      expect(status).toBe(400);
      expect(json).toMatchObject({ code: 'resource_invalid', place });
    }
  });

  it('take their snapshot with them when they are deleted', async () => {
    const { call, snapshots, published } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const answer = await call('DELETE', '/buses/orders');
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await snapshots.get('default', 'orders')).toBeUndefined();
    expect(published.at(-1)).toEqual({ tenant: 'default', bus: 'orders', snapshot: undefined });
    expect((await call('GET', '/buses/orders')).status).toBe(404);
    expect((await call('DELETE', '/buses/orders')).status).toBe(404);
  });

  it('go on with their snapshot versions when they are created again', async () => {
    const { call, snapshots } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const before = await snapshots.get('default', 'orders');
    await call('DELETE', '/buses/orders');
    await call('PUT', '/buses/orders', { body: {} });
    expect((await snapshots.get('default', 'orders'))?.version).toBeGreaterThan(before?.version ?? Infinity);
  });

  it('are not deleted while they have rules', async () => {
    const { call } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    const refused = await call('DELETE', '/buses/orders');
    expect(refused.status).toBe(409);
    expect(refused.json).toMatchObject({ code: 'in_use' });
    await call('DELETE', '/buses/orders/rules/crm');
    expect((await call('DELETE', '/buses/orders')).status).toBe(204);
  });

  it('grow in shards, and do not shrink', async () => {
    const { call } = createHarness();
    await call('PUT', '/buses/orders', { body: { shards: 4 } });
    const refused = await call('PUT', '/buses/orders', { body: { shards: 3 } });
    expect(refused.json).toMatchObject({ code: 'resource_invalid', place: '/shards' });
    expect((await call('PUT', '/buses/orders', { body: { shards: 64 } })).status).toBe(200);
  });

  it('are at most 100', async () => {
    const { call, documents } = createHarness();
    for (let index = 0; index < 99; index += 1) {
      const name = `b${index}`;
      await documents.put(`bus/default/${name}`, { kind: 'bus', name, shards: 1, record: 'all', retention: '24h' });
    }
    expect((await call('PUT', '/buses/one-more', { body: {} })).status).toBe(201);
    const refused = await call('PUT', '/buses/too-many', { body: {} });
    expect([refused.status, refused.json['code']]).toEqual([409, 'limit_reached']);
    expect((await call('PUT', '/buses/b7', { body: { shards: 2 } })).status).toBe(200);
  });

  it.each([
    ['shards', 0],
    ['shards', 65],
    ['shards', 1.5],
    ['shards', '2'],
    ['shards', null],
    ['record', 'some'],
    ['record', ['all']],
    ['retention', '3w'],
    ['retention', '0h'],
    ['retention', '-3d'],
    ['retention', '1.5h'],
    ['retention', '59s'],
    ['deduplication', true],
    ['retention', '91d'],
    ['retention', '999999999d'],
    ['retention', 24],
    ['retention', '24h '],
    ['description', 'x'.repeat(1_025)],
    ['kind', 'rule'],
    ['name', 'other'],
    ['name', 5],
    ['tenant', 'acme'],
    ['constructor', {}],
    ['toString', 1],
  ])('refuse %s %j, with its place', async (member, value) => {
    const { call } = createHarness();
    const answer = await call('PUT', '/buses/orders', { body: { [member]: value } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'resource_invalid', place: `/${member}` });
    expect((await call('GET', '/buses/orders')).status).toBe(404);
  });

  it('name every fault at once, each with what mends it', async () => {
    const { call } = createHarness();
    const { json } = await call('PUT', '/buses/orders', {
      body: { shrads: 2, record: 'al', retention: 'long', 'a/b~': 1 },
    });
    expect(json).toMatchObject({ code: 'resource_invalid', detail: '4 things are wrong with the document.' });
    expect(json['errors']).toEqual([
      {
        code: 'resource_invalid',
        place: '/record',
        detail: expect.any(String),
        mend: 'Use one of "all", "deliveries", "failures", "none".',
      },
      {
        code: 'resource_invalid',
        place: '/retention',
        detail: expect.any(String),
        mend: expect.stringContaining('3d'),
      },
      {
        code: 'resource_invalid',
        place: '/shrads',
        detail: expect.any(String),
        mend: expect.stringContaining('Did you mean shards?'),
      },
      {
        code: 'resource_invalid',
        place: '/a~1b~0',
        detail: 'a/b~ is not known here.',
        mend: expect.stringContaining('Remove it.'),
      },
    ]);
  });

  it.each(['[]', '"orders"', 'null', '7', 'true'])('refuse the document %s', async (body) => {
    const { call } = createHarness();
    const answer = await call('PUT', '/buses/orders', { body });
    expect(answer.json).toMatchObject({ code: 'resource_invalid', place: '' });
  });

  it.each(['A', 'a_b', '-a', 'a.b', 'a%2fb', 'a%00', 'a%20b', 'ü', 'x'.repeat(64), '%ff', '__proto__'])(
    'refuse the name %s in the address',
    async (name) => {
      const { call } = createHarness();
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await call(method, `/buses/${name}`, method === 'PUT' ? { body: {} } : {});
        expect(answer.status).toBe(400);
        expect(answer.json).toMatchObject({ code: 'request_invalid', place: 'bus' });
      }
    },
  );

  it.each(['a', '0', 'constructor', 'x'.repeat(63), 'a-', 'a--b'])('take the name %s', async (name) => {
    const { call } = createHarness();
    expect((await call('PUT', `/buses/${name}`, { body: {} })).status).toBe(201);
    expect((await call('GET', `/buses/${name}`)).json).toMatchObject({ name });
  });
});
