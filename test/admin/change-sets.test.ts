import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { documentKeys } from '../../admin/document-keys.ts';
import { createPublisher } from '../../admin/publisher.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import { createHarness, type Harness, type Json, ruleBody } from './harness.ts';

const bus = { put: { kind: 'bus', name: 'orders' } };
const rule = (name: string, more: object = {}) => ({
  put: { kind: 'rule', bus: 'orders', name, ...ruleBody, ...more },
});

async function post({ call }: Pick<Harness, 'call'>, edits: readonly object[], more: object = {}) {
  return call('POST', '/changes', { body: { edits, ...more } });
}

const actionsOf = (json: Json): unknown[] =>
  (json['edits'] as unknown as { action: string; name: string }[]).map(({ action, name }) => `${action} ${name}`);

const placesOf = (json: Json): unknown[] =>
  (json['errors'] as unknown as { place: string }[]).map(({ place }) => place).toSorted((a, b) => a.localeCompare(b));

describe('a change set', () => {
  it('makes everything in it true at once, whatever its order, and says what became of each', async () => {
    const harness = createHarness();
    const { call, snapshots, published } = harness;
    const connected = { targets: [{ name: 'crm', http: { url: 'https://crm.example/', connection: 'crm' } }] };
    const made = await post(
      harness,
      [rule('crm', connected), { put: { kind: 'connection', name: 'crm', bearer: { token: 'secret-token' } } }, bus],
      { why: 'the CRM moves' },
    );
    expect([made.status, made.json['change'], made.json['by']]).toEqual([201, 1, 'operator']);
    expect(actionsOf(made.json)).toEqual(['created orders', 'created crm', 'created crm']);
    expect(made.text).not.toContain('secret-token');
    expect(published).toHaveLength(1);
    expect((await snapshots.get('default', 'orders'))?.rules).toMatchObject([{ name: 'crm', version: 1 }]);

    const again = await post(harness, [bus, rule('crm', connected)]);
    expect([again.status, again.json['change'], actionsOf(again.json)]).toEqual([
      200,
      undefined,
      ['unchanged orders', 'unchanged crm'],
    ]);

    const removed = await post(harness, [{ delete: { kind: 'connection', name: 'crm' } }, rule('crm'), rule('erp')]);
    expect([
      removed.status,
      actionsOf(removed.json)
        .map(String)
        .toSorted((a, b) => a.localeCompare(b)),
    ]).toEqual([201, ['changed crm', 'created erp', 'deleted crm']]);
    const all = await post(harness, [
      { delete: { kind: 'bus', name: 'orders' } },
      { delete: { kind: 'rule', bus: 'orders', name: 'crm' } },
      { delete: { kind: 'rule', bus: 'orders', name: 'erp' } },
    ]);
    expect(all.status).toBe(201);
    expect(await snapshots.get('default', 'orders')).toBeUndefined();
    expect((await call('GET', '/buses')).json).toEqual({ items: [] });
  });

  it('changes nothing where one edit cannot be made, and names every fault with its place', async () => {
    const harness = createHarness();
    await post(harness, [bus]);
    const refused = await post(harness, [
      rule('good'),
      rule('bad', { filter: { pattern: { type: 'order.created' } } }),
      rule('worse', { targets: [{ name: 'crm', http: { url: 'https://crm.example/', connection: 'none' } }] }),
    ]);
    expect(refused.status).toBe(400);
    const places = (refused.json['errors'] as unknown as { place: string }[]).map(({ place }) => place);
    expect(places[0]).toMatch(/^\/edits\/1\/put\/filter/);
    expect(places[1]).toBe('/edits/2/put/targets/0/http/connection');
    expect((await harness.call('GET', '/buses/orders/rules')).json).toEqual({ items: [] });
    expect((await harness.call('GET', '/changes')).json['items']).toHaveLength(1);
  });

  it('is refused as a whole where one document is at another version', async () => {
    const harness = createHarness();
    await post(harness, [bus, rule('crm')]);
    const stale = await post(harness, [rule('erp'), { ...rule('crm', { enabled: false }), version: 7 }]);
    expect([stale.status, stale.json['code'], stale.json['place']]).toEqual([
      409,
      'version_conflict',
      '/edits/1/version',
    ]);
    const staler = await post(harness, [
      { ...rule('crm'), version: 0 },
      { delete: { kind: 'rule', bus: 'orders', name: 'none' } },
      { ...bus, version: 7 },
    ]);
    expect([staler.status, staler.json['code']]).toEqual([409, 'version_conflict']);
    expect(placesOf(staler.json)).toEqual(['/edits/0/version', '/edits/1/delete', '/edits/2/version']);
    expect((await post(harness, [{ ...rule('crm'), version: 0 }])).status).toBe(409);
    const good = await post(harness, [rule('erp'), { ...rule('crm', { enabled: false }), version: 1 }]);
    expect(good.status).toBe(201);
  });

  it.each<[string, object]>([
    ['an edit that says nothing', {}],
    ['an edit that says two things', { put: bus.put, delete: { kind: 'bus', name: 'orders' } }],
    ['restore without to', { restore: { kind: 'bus', name: 'orders' } }],
    ['an unknown kind', { put: { kind: 'queue', name: 'orders' } }],
    ['a kind that is a member of every object', { put: { kind: 'constructor', name: 'orders' } }],
    ['a rule without its bus', { put: { kind: 'rule', name: 'crm', ...ruleBody } }],
    ['a name that is none', { put: { kind: 'bus', name: 'a/b' } }],
    ['the same document twice', bus],
  ])('refuses %s', async (_what, edit) => {
    const harness = createHarness();
    const refused = await post(harness, [bus, edit]);
    expect([refused.status, refused.json['code']]).toEqual([400, 'resource_invalid']);
    expect((await harness.call('GET', '/buses')).json).toEqual({ items: [] });
  });

  it('takes an admin of everything that it touches', async () => {
    const harness = createHarness();
    await post(harness, [bus, { put: { kind: 'bus', name: 'users' } }]);
    const key = await harness.keyFor('admin', ['orders']);
    const as = (edits: readonly object[]) => harness.call('POST', '/changes', { body: { edits }, key });
    expect((await as([rule('crm')])).status).toBe(201);
    const foreign = { put: { kind: 'rule', bus: 'users', name: 'crm', ...ruleBody } };
    for (const edit of [
      foreign,
      { put: { kind: 'secret', name: 'pii', value: 'x' } },
      { delete: { kind: 'bus', name: 'users' } },
    ]) {
      expect((await as([rule('erp'), edit])).status).toBe(403);
    }
    const viewer = await harness.keyFor('viewer', ['*']);
    expect((await harness.call('POST', '/changes', { body: { edits: [rule('erp')] }, key: viewer })).status).toBe(403);
    const dryRun = await harness.call('POST', '/changes', {
      body: { edits: [rule('erp')], dryRun: true },
      key: viewer,
    });
    expect(dryRun.json).toMatchObject({ dryRun: true, edits: [{ action: 'created', name: 'erp' }] });
    expect((await harness.call('GET', '/buses/orders/rules')).json).toMatchObject({
      items: [{ document: { name: 'crm' } }],
    });
  });

  it('compares for viewers what they may see, and nothing of which sameness is a secret', async () => {
    const harness = createHarness();
    await post(harness, [bus, { put: { kind: 'bus', name: 'users' } }]);
    const compare = async (role: string, buses: readonly string[], edit: object): Promise<number> => {
      const key = await harness.keyFor(role, buses);
      const answer = await harness.call('POST', '/changes', { body: { edits: [edit], dryRun: true }, key });
      return answer.status;
    };
    expect(await compare('viewer', ['orders'], rule('erp'))).toBe(200);
    expect(await compare('operator', ['*'], { delete: { kind: 'bus', name: 'orders' } })).toBe(200);
    expect(await compare('viewer', ['users'], rule('erp'))).toBe(403);
    expect(await compare('publisher', ['*'], rule('erp'))).toBe(403);
    const closed = [
      { put: { kind: 'secret', name: 'pii', value: 'x' } },
      { delete: { kind: 'secret', name: 'pii' } },
      { put: { kind: 'connection', name: 'crm', bearer: { token: 'x' } } },
      { put: { kind: 'identity', name: 'crm' } },
    ];
    for (const edit of closed) {
      expect(await compare('viewer', ['*'], edit)).toBe(403);
      expect(await compare('admin', ['*'], edit)).not.toBe(403);
    }
    expect((await harness.call('GET', '/changes')).json['items']).not.toContainEqual(
      expect.objectContaining({ entries: [expect.objectContaining({ name: 'erp' })] }),
    );
  });

  it('says how a set that is too large is sent', async () => {
    const edits = Array.from({ length: 5_001 }, (_, index) => rule(`r${index}`));
    const answer = await post(createHarness(), edits);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { code: 'resource_invalid', place: '/edits', mend: expect.stringContaining('several') as string },
    ]);
  });

  it('shows in a dry run what it would do, and does nothing', async () => {
    const harness = createHarness();
    await post(harness, [bus, rule('crm')]);
    const dry = await post(harness, [rule('crm', { enabled: false }), rule('erp')], { dryRun: true });
    expect(dry.status).toBe(200);
    expect(dry.json['edits']).toMatchObject([
      { action: 'changed', name: 'crm', version: 1, before: { enabled: true }, after: { enabled: false } },
      { action: 'created', name: 'erp', version: 0, after: { enabled: true } },
    ]);
    expect((await harness.call('GET', '/changes')).json['items']).toHaveLength(1);
    expect((await post(harness, [rule('bad', { targets: [] })], { dryRun: true })).status).toBe(400);
  });

  it('has everything again, and is shown, in time that does not grow with the square of its size', async () => {
    const documents = createMemoryDocuments();
    let reads = 0;
    const harness = createHarness({
      documents: {
        ...documents,
        get(key) {
          if (key.startsWith('change/')) reads += 1;
          return documents.get(key);
        },
      },
    });
    const rules = Array.from({ length: 300 }, (_, index) => rule(`r${index}`));
    const names = rules.map(({ put: { kind, bus: of, name } }) => ({ kind, bus: of, name }));
    await post(harness, [bus, ...rules]);
    await post(
      harness,
      names.map((name) => ({ delete: name })),
    );
    reads = 0;
    const restored = await post(
      harness,
      names.map((name) => ({ restore: name, to: 1 })),
    );
    expect(restored.status).toBe(201);
    expect((await harness.call('GET', '/changes/3')).json['entries']).toHaveLength(300);
    expect(reads).toBeLessThan(20);
    const missing = await post(harness, [{ restore: names[0], to: 99 }]);
    expect([missing.status, missing.json['place']]).toEqual([404, '/edits/0/to']);
  });

  it('of a thousand rules is made in one piece', async () => {
    const harness = createHarness();
    const rules = Array.from({ length: 1_000 }, (_, index) => rule(`r${index}`));
    const made = await post(harness, [bus, ...rules]);
    expect(made.status).toBe(201);
    expect((await harness.snapshots.get('default', 'orders'))?.rules).toHaveLength(1_000);
    const again = await post(harness, [bus, ...rules]);
    expect([again.status, actionsOf(again.json).every((action) => String(action).startsWith('unchanged'))]).toEqual([
      200,
      true,
    ]);
  }, 60_000);

  it('is never seen half made, whenever the process dies', async () => {
    for (let steps = 0; ; steps += 1) {
      const documents = createMemoryDocuments();
      const snapshots = createMemorySnapshots();
      const healthy = createHarness({ documents, snapshots });
      await post(healthy, [bus, rule('a'), rule('b')]);
      let left = steps;
      const mortal = <Result>(call: () => Promise<Result>): Promise<Result> =>
        left-- > 0 ? call() : Promise.reject(new Error('the process is dead'));
      const dying: Documents = {
        get: (key) => mortal(() => documents.get(key)),
        put: (...args) => mortal(() => documents.put(...args)),
        delete: (...args) => mortal(() => documents.delete(...args)),
        list: (...args) => mortal(() => documents.list(...args)),
      };
      await post(createHarness({ documents: dying, snapshots }), [
        { delete: { kind: 'rule', bus: 'orders', name: 'a' } },
        rule('b', { enabled: false }),
        rule('c'),
      ]);
      const seen = async (): Promise<unknown> =>
        (await snapshots.get('default', 'orders'))?.rules.map(({ name, enabled }) => `${name} ${enabled}`);
      const before = ['a true', 'b true'];
      const after = ['b false', 'c true'];
      expect([before, after]).toContainEqual(await seen());
      await createPublisher({ documents, snapshots, runtime: healthy.runtime }).repair();
      const made = ((await healthy.call('GET', '/changes')).json['items'] as unknown as unknown[]).length === 2;
      expect(await seen()).toEqual(made ? after : before);
      if (left >= 0) break;
    }
  }, 60_000);
});

describe('history', () => {
  it('tells of every version of a document, also of one that is gone, and has it again', async () => {
    const harness = createHarness();
    const { call } = harness;
    await post(harness, [bus, rule('crm')]);
    const key = await harness.keyFor('admin', ['orders']);
    const reason = { 'change-reason': 'too many mails' };
    await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, enabled: false }, key, headers: reason });
    await call('DELETE', '/buses/orders/rules/crm');
    const history = await call('GET', '/buses/orders/rules/crm/history');
    expect(history.json['items']).toMatchObject([
      { version: 4, by: 'operator' },
      {
        version: 3,
        by: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        why: 'too many mails',
        document: { enabled: false },
      },
      { version: 1, document: { name: 'crm', enabled: true } },
    ]);
    const first = await call('GET', '/buses/orders/rules/crm/history?limit=1');
    expect(first.json['next']).toBe('3');
    const rest = await call('GET', '/buses/orders/rules/crm/history?limit=1&cursor=3');
    expect(rest.json).toMatchObject({ items: [{ version: 3 }], next: '1' });
    expect((await call('GET', '/buses/orders/rules/crm?version=2')).json).toMatchObject({ enabled: true });
    expect((await call('GET', '/buses/orders/rules/crm?version=4')).status).toBe(404);
    expect((await call('GET', '/buses/orders/rules/crm?version=x')).status).toBe(404);

    const restored = await post(harness, [{ restore: { kind: 'rule', bus: 'orders', name: 'crm' }, to: 3 }], {
      why: 'back',
    });
    expect([restored.status, actionsOf(restored.json)]).toEqual([201, ['created crm']]);
    expect((await call('GET', '/buses/orders/rules/crm')).json).toMatchObject({ enabled: false });
    expect((await post(harness, [{ restore: { kind: 'rule', bus: 'orders', name: 'crm' }, to: 99 }])).status).toBe(404);
    expect((await call('GET', '/buses/orders/rules/none/history')).status).toBe(404);
  });

  it('says of a change whether it is as it was made', async () => {
    const { call, documents } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    await call('PUT', '/buses/orders', { body: { description: 'orders' } });
    const [first, second] = [await call('GET', '/changes/1'), await call('GET', '/changes/2')];
    expect([first.json['intact'], second.json['intact']]).toEqual([true, true]);
    expect(second.json['previousHash']).toBe(first.json['hash']);
    const key = documentKeys.change('default', 1);
    const stored = await documents.get(key);
    await documents.put(key, { ...(stored?.value as object), by: 'nobody' }, stored?.version ?? 0);
    expect((await call('GET', '/changes/1')).json['intact']).toBe(false);
    expect((await call('GET', '/changes/2')).json['intact']).toBe(true);
  });

  it('of changes shows before and after without secrets, newest first, in pages', async () => {
    const harness = createHarness();
    const { call } = harness;
    await post(harness, [bus, { put: { kind: 'connection', name: 'crm', bearer: { token: 'marker-0123456789' } } }]);
    await harness.keyFor('viewer', ['*']);
    await call('PUT', '/connections/crm', { body: { bearer: { token: 'marker-9876543210' }, description: 'CRM' } });
    const list = await call('GET', '/changes?limit=2');
    expect(list.json).toMatchObject({ items: [{ change: 3 }, { change: 2, entries: [{ kind: 'key' }] }], next: '2' });
    expect((await call('GET', '/changes?limit=2&cursor=2')).json).toMatchObject({ items: [{ change: 1 }] });
    const changed = await call('GET', '/changes/3');
    expect(changed.json['entries']).toMatchObject([
      { action: 'changed', before: { name: 'crm' }, after: { description: 'CRM' } },
    ]);
    const texts = [
      changed,
      list,
      await call('GET', '/changes/1'),
      await call('GET', '/changes/2'),
      await call('GET', '/connections/crm/history'),
    ];
    for (const { text, status } of texts) {
      expect(status).toBe(200);
      expect(text).not.toMatch(/marker|sealed|"hash":"[0-9a-f]{64}","role"/);
    }
    expect((await call('GET', '/changes/4')).status).toBe(404);
    const limited = await harness.keyFor('viewer', ['orders']);
    expect((await call('GET', '/changes', { key: limited })).status).toBe(403);
  });

  it('has a secret again as it was sealed', async () => {
    const harness = createHarness();
    await post(harness, [bus, { put: { kind: 'secret', name: 'pii', value: 'one' } }]);
    const first = (await harness.live.get('secret/default/pii'))?.value;
    await post(harness, [{ put: { kind: 'secret', name: 'pii', value: 'two' } }]);
    await post(harness, [{ restore: { kind: 'secret', name: 'pii' }, to: 1 }]);
    expect((await harness.live.get('secret/default/pii'))?.value).toEqual(first);
  });
});
