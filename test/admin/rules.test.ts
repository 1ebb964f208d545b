import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { documentMaxBytes } from '../../mesh/ports/documents.ts';
import { createJitter, wrap } from './faults.ts';
import { createHarness, type Harness, type Json, ruleBody } from './harness.ts';

async function withBus(): Promise<Harness> {
  const harness = createHarness();
  await harness.call('PUT', '/buses/orders', { body: {} });
  return harness;
}

function times(count: number, item: object): object[] {
  return Array.from({ length: count }, () => item);
}

const url = 'https://crm.example/hooks';

describe('rules', () => {
  it('are stored with every default filled in', async () => {
    const { call } = await withBus();
    const answer = await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      kind: 'rule',
      name: 'crm',
      bus: 'orders',
      enabled: true,
      filter: { pattern: { type: ['order.created'] } },
      steps: [],
      targets: [{ name: 'crm', retry: { preset: 'default', maxAttempts: 24, maxAge: '3d' }, http: { url } }],
    });
    expect((await call('GET', '/buses/orders/rules/crm')).json).toEqual(answer.json);
  });

  it('reach the snapshot as the mesh reads them', async () => {
    const { call, snapshots } = await withBus();
    const before = await snapshots.get('default', 'orders');
    const steps = [{ redact: { paths: ['data.phone'] } }];
    const targets = [{ name: 'crm', http: { url, timeoutSeconds: 5 }, retry: { maxAttempts: 3, maxAge: '12h' } }];
    await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, enabled: false, steps, targets } });
    const snapshot = await snapshots.get('default', 'orders');
    expect(snapshot?.version).toBeGreaterThan(before?.version ?? Infinity);
    expect(snapshot?.rules).toEqual([
      {
        name: 'crm',
        version: 2,
        enabled: false,
        filter: ruleBody.filter,
        steps,
        targets: [
          {
            name: 'crm',
            kind: 'http',
            options: { url, timeoutSeconds: 5 },
            retry: { preset: 'default', maxAttempts: 3, maxAgeSeconds: 43_200 },
          },
        ],
      },
    ]);
  });

  it('have everything that their preset of retries says filled in, and reach the snapshot so', async () => {
    const { call, snapshots } = await withBus();
    const targets = [
      { name: 'a', http: { url }, retry: { preset: 'svix' } },
      { name: 'b', http: { url }, retry: { preset: 'knative', maxAttempts: 3, backoffPolicy: 'linear' } },
    ];
    const { json } = await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, targets } });
    const stored = (json as unknown as { targets: { retry: object }[] }).targets.map(({ retry }) => retry);
    expect(stored).toEqual([
      { preset: 'svix', maxAttempts: 8, maxAge: '2d' },
      {
        preset: 'knative',
        maxAttempts: 3,
        maxAge: '30d',
        backoffPolicy: 'linear',
        backoffDelay: 'PT0.2S',
        retryAfterMax: 'PT86400S',
      },
    ]);
    const [rule] = (await snapshots.get('default', 'orders'))?.rules ?? [];
    expect(rule?.targets.map(({ retry }) => retry)).toEqual([
      { preset: 'svix', maxAttempts: 8, maxAgeSeconds: 172_800 },
      {
        preset: 'knative',
        maxAttempts: 3,
        maxAgeSeconds: 2_592_000,
        backoff: { kind: 'linear', delaySeconds: 0.2 },
        retryAfterMaxSeconds: 86_400,
      },
    ]);
    // What was answered can be sent back.
    const again = await call('PUT', '/buses/orders/rules/crm', { body: json as object });
    expect(again.json).toEqual(json);
  });

  it('leave the snapshot when they are deleted', async () => {
    const { call, snapshots } = await withBus();
    await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    expect((await call('DELETE', '/buses/orders/rules/crm')).status).toBe(204);
    expect((await snapshots.get('default', 'orders'))?.rules).toEqual([]);
    expect((await call('DELETE', '/buses/orders/rules/crm')).status).toBe(404);
    expect((await call('GET', '/buses/orders/rules/crm')).json).toMatchObject({ code: 'not_found' });
  });

  it('need their bus', async () => {
    const { call } = createHarness();
    for (const [method, path] of [
      ['PUT', '/buses/nowhere/rules/crm'],
      ['GET', '/buses/nowhere/rules/crm'],
      ['DELETE', '/buses/nowhere/rules/crm'],
      ['GET', '/buses/nowhere/rules'],
    ] as const) {
      const answer = await call(method, path, method === 'PUT' ? { body: ruleBody } : {});
      expect([answer.status, answer.json['code']]).toEqual([404, 'bus_not_found']);
    }
  });

  it('are not written again, nor published, when nothing changes', async () => {
    const { call, snapshots, published } = await withBus();
    const first = await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    const version = (await snapshots.get('default', 'orders'))?.version;
    const count = published.length;
    const second = await call('PUT', '/buses/orders/rules/crm', { body: first.json });
    expect([second.status, second.headers.get('etag')]).toEqual([200, first.headers.get('etag')]);
    expect((await snapshots.get('default', 'orders'))?.version).toBe(version);
    expect(published).toHaveLength(count);
  });

  it('that came in while their bus was deleted all go, also when one of them has just gone by itself', async () => {
    const documents = createMemoryDocuments();
    const snapshots = createMemorySnapshots();
    await createHarness({ documents, snapshots }).call('PUT', '/buses/orders', { body: {} });
    const { call } = createHarness({
      snapshots,
      documents: {
        ...documents,
        async delete(key, version) {
          const deleted = await documents.delete(key, version);
          if (key !== 'bus/default/orders') return deleted;
          for (const name of ['crm', 'erp']) await documents.put(`rule/default/orders/${name}`, ruleBody);
          return deleted;
        },
        async list(prefix, options) {
          const page = await documents.list(prefix, options);
          if (page.items.length === 2) await documents.delete('rule/default/orders/crm');
          return page;
        },
      },
    });
    expect((await call('DELETE', '/buses/orders')).status).toBe(204);
    expect((await documents.list('rule/')).items).toEqual([]);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'never outlive a bus that is deleted while they are written (%i)',
    async (seed) => {
      const ports = { documents: createMemoryDocuments(), snapshots: createMemorySnapshots() };
      await createHarness(ports).call('PUT', '/buses/orders', { body: {} });
      const { call } = createHarness(wrap(ports, createJitter(seed)));
      await Promise.all([
        call('DELETE', '/buses/orders'),
        call('PUT', '/buses/orders/rules/crm', { body: ruleBody }),
        call('PUT', '/buses/orders/rules/erp', { body: ruleBody }),
      ]);
      const bus = await ports.documents.get('bus/default/orders');
      const rules = await ports.documents.list('rule/');
      if (bus === undefined) expect(rules.items).toEqual([]);
      const live = await ports.snapshots.get('default', 'orders');
      expect(live?.rules.length ?? 0).toBe(rules.items.length);
    },
  );

  it.each<[string, object, string, string, string]>([
    ['a faulty pattern', { filter: { pattern: { type: 'x' } } }, 'filter_invalid', '/filter/pattern/type', 'Put'],
    ['an unknown language', { filter: { patern: {} } }, 'filter_invalid', '/filter/patern', 'pattern'],
    ['no language', { filter: {} }, 'resource_invalid', '/filter', 'exactly one'],
    ['two languages', { filter: { pattern: {}, sql: 'TRUE' } }, 'resource_invalid', '/filter', 'exactly one'],
    ['a filter that is text', { filter: 'type = 1' }, 'resource_invalid', '/filter', 'exactly one'],
    ['a faulty step', { steps: [{ redact: { paths: 'x' } }] }, 'step_invalid', '/steps/0/redact/paths', ''],
    ['an unknown step', { steps: [{ nope: {} }] }, 'step_invalid', '/steps/0', 'redact'],
    ['two steps in one', { steps: [{ redact: {}, transform: {} }] }, 'step_invalid', '/steps/0', 'one of these keys'],
    ['too many steps', { steps: times(21, { redact: { paths: ['data.x'] } }) }, 'resource_invalid', '/steps', ''],
    ['no targets', { targets: [] }, 'resource_invalid', '/targets', ''],
    ['too many targets', { targets: times(21, { name: 'a', http: { url } }) }, 'resource_invalid', '/targets', ''],
    ['a target without a name', { targets: [{ http: { url } }] }, 'resource_invalid', '/targets/0/name', 'Add name'],
    ['a target without a sink', { targets: [{ name: 'a' }] }, 'resource_invalid', '/targets/0', 'http'],
    [
      'an unknown option',
      { targets: [{ name: 'a', http: { url, ulr: 1 } }] },
      'resource_invalid',
      '/targets/0/http/ulr',
      'Did you mean url?',
    ],
    ['options of no object', { targets: [{ name: 'a', http: url }] }, 'resource_invalid', '/targets/0/http', ''],
    ['a missing option', { targets: [{ name: 'a', http: {} }] }, 'resource_invalid', '/targets/0/http/url', 'Add url.'],
    [
      'a private target',
      { targets: [{ name: 'a', http: { url: 'http://169.254.169.254/' } }] },
      'target_invalid',
      '/targets/0/http/url',
      '',
    ],
    [
      'an unknown retry',
      { targets: [{ name: 'a', http: { url }, retry: { maxAttemps: 1 } }] },
      'resource_invalid',
      '/targets/0/retry/maxAttemps',
      'Did you mean maxAttempts?',
    ],
    [
      'an unknown preset',
      { targets: [{ name: 'a', http: { url }, retry: { preset: 'stripe' } }] },
      'resource_invalid',
      '/targets/0/retry/preset',
      'eventbridge',
    ],
    [
      "Knative's backoff with another preset",
      { targets: [{ name: 'a', http: { url }, retry: { backoffDelay: 'PT1S' } }] },
      'resource_invalid',
      '/targets/0/retry/backoffDelay',
      'set preset to knative',
    ],
    [
      'a faulty ISO 8601 duration',
      { targets: [{ name: 'a', http: { url }, retry: { preset: 'knative', backoffDelay: '1s' } }] },
      'resource_invalid',
      '/targets/0/retry/backoffDelay',
      'ISO 8601',
    ],
    [
      'a wait beyond any age',
      { targets: [{ name: 'a', http: { url }, retry: { preset: 'knative', retryAfterMax: 'P31D' } }] },
      'resource_invalid',
      '/targets/0/retry/retryAfterMax',
      '',
    ],
    [
      'no attempts',
      { targets: [{ name: 'a', http: { url }, retry: { maxAttempts: 0 } }] },
      'resource_invalid',
      '/targets/0/retry/maxAttempts',
      '',
    ],
    [
      'too many attempts',
      { targets: [{ name: 'a', http: { url }, retry: { maxAttempts: 187 } }] },
      'resource_invalid',
      '/targets/0/retry/maxAttempts',
      '',
    ],
    [
      'a faulty age',
      { targets: [{ name: 'a', http: { url }, retry: { maxAge: 'long' } }] },
      'resource_invalid',
      '/targets/0/retry/maxAge',
      '3d',
    ],
    [
      'a great age',
      { targets: [{ name: 'a', http: { url }, retry: { maxAge: '31d' } }] },
      'resource_invalid',
      '/targets/0/retry/maxAge',
      '',
    ],
    ['a foreign bus', { bus: 'users' }, 'resource_invalid', '/bus', 'orders'],
    ['a foreign name', { name: 'other' }, 'resource_invalid', '/name', 'crm'],
    ['an unknown member', { tragets: [] }, 'resource_invalid', '/tragets', 'Did you mean targets?'],
    ['a switch that is text', { enabled: 'yes' }, 'resource_invalid', '/enabled', ''],
  ])('are refused with %s', async (_name, change, code, place, mend) => {
    const { call } = await withBus();
    const answer = await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, ...change } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code, place });
    if (mend !== '') expect(answer.json['mend']).toContain(mend);
    expect((await call('GET', '/buses/orders/rules/crm')).status).toBe(404);
  });

  it.each(['filter', 'targets'])('are refused without %s', async (member) => {
    const { call } = await withBus();
    const answer = await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, [member]: undefined } });
    expect(answer.json).toMatchObject({ code: 'resource_invalid', place: `/${member}`, mend: `Add ${member}.` });
  });

  it('name every fault of every part at once', async () => {
    const { call } = await withBus();
    const body = {
      filter: { pattern: { type: 'x' } },
      steps: [{ redact: { paths: ['data.x'] } }, { nope: {} }, { transform: { jsonata: '((' } }],
      targets: [
        { name: 'a', http: { url: 'http://127.0.0.1/' } },
        { name: 'a', htpp: { url } },
      ],
      enabeld: true,
    };
    const { json } = await call('PUT', '/buses/orders/rules/crm', { body });
    const faults = (json['errors'] as unknown as readonly Json[]).map(({ code, place }) => [code, place]);
    expect(faults).toEqual([
      ['resource_invalid', '/enabeld'],
      ['filter_invalid', '/filter/pattern/type'],
      ['step_invalid', '/steps/1'],
      ['step_invalid', expect.stringMatching(/^\/steps\/2\/transform/)],
      ['target_invalid', '/targets/0/http/url'],
      ['resource_invalid', '/targets/1/name'],
      ['resource_invalid', '/targets/1/htpp'],
      ['resource_invalid', '/targets/1'],
    ]);
  });

  it('may have as many targets as 20, and several of one kind', async () => {
    const { call } = await withBus();
    const targets = Array.from({ length: 20 }, (_, index) => ({ name: `t${index}`, http: { url } }));
    const answer = await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, targets } });
    expect(answer.status).toBe(201);
  });

  it('are refused where their snapshot would not fit into a document', async () => {
    const { call, documents, snapshots } = await withBus();
    const large = (index: number): object => ({
      ...ruleBody,
      filter: { pattern: { type: Array.from({ length: 10_000 }, (_, item) => `order.created.${index}.${item}`) } },
    });
    let stored = 0;
    let answer = await call('PUT', '/buses/orders/rules/r0', { body: large(0) });
    while (answer.status === 201 && stored < 20) {
      stored += 1;
      answer = await call('PUT', `/buses/orders/rules/r${stored}`, { body: large(stored) });
    }
    expect(answer.json).toMatchObject({ code: 'too_large' });
    expect(stored).toBeGreaterThan(3);
    expect((await snapshots.get('default', 'orders'))?.rules).toHaveLength(stored);
    expect(await documents.get(`rule/default/orders/r${stored}`)).toBeUndefined();
    expect(JSON.stringify(await snapshots.get('default', 'orders')).length).toBeLessThan(documentMaxBytes);
    // What is there can still be made smaller.
    expect((await call('PUT', '/buses/orders/rules/r0', { body: ruleBody })).status).toBe(200);
  });
});
