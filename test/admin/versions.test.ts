import { describe, expect, it } from 'vitest';
import { createHarness, ruleBody, statusesOf } from './harness.ts';

describe('versions', () => {
  it('are compared by If-Match, on buses and rules alike', async () => {
    const { call } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    for (const [path, body] of [
      ['/buses/orders', { description: 'one' }],
      ['/buses/orders/rules/crm', ruleBody],
    ] as const) {
      const first = await call('PUT', path, { body });
      const etag = first.headers.get('etag') ?? '';
      const changed = { ...body, description: 'two' };
      const stale = { 'if-match': etag };
      const second = await call('PUT', path, { body: changed, headers: stale });
      expect(second.status).toBe(200);
      expect(second.headers.get('etag')).not.toBe(etag);

      for (const method of ['PUT', 'DELETE']) {
        const sent = method === 'PUT' ? { body: { ...body, description: 'three' } } : {};
        const refused = await call(method, path, { ...sent, headers: stale });
        expect([refused.status, refused.json['code'], refused.json['place']]).toEqual([
          409,
          'version_conflict',
          'if-match',
        ]);
      }
      expect((await call('GET', path)).json).toMatchObject({ description: 'two' });
      expect((await call('PUT', path, { body: changed, headers: stale })).status).toBe(409);
    }
    const rule = await call('GET', '/buses/orders/rules/crm');
    const current = { 'if-match': rule.headers.get('etag') ?? '' };
    expect((await call('DELETE', '/buses/orders/rules/crm', { headers: current })).status).toBe(204);
  });

  it('If-None-Match: * creates only', async () => {
    const { call } = createHarness();
    const headers = { 'if-none-match': '*' };
    expect((await call('PUT', '/buses/orders', { body: {}, headers })).status).toBe(201);
    const refused = await call('PUT', '/buses/orders', { body: {}, headers });
    expect([refused.status, refused.json['place']]).toEqual([409, 'if-none-match']);
  });

  it('If-Match: * changes only', async () => {
    const { call } = createHarness();
    const headers = { 'if-match': '*' };
    expect((await call('PUT', '/buses/orders', { body: {}, headers })).status).toBe(409);
    await call('PUT', '/buses/orders', { body: {} });
    expect((await call('PUT', '/buses/orders', { body: { shards: 2 }, headers })).status).toBe(200);
  });

  it('do not match what was deleted and created again', async () => {
    const { call } = createHarness();
    const first = await call('PUT', '/buses/orders', { body: {} });
    await call('DELETE', '/buses/orders');
    await call('PUT', '/buses/orders', { body: {} });
    const headers = { 'if-match': first.headers.get('etag') ?? '' };
    expect((await call('PUT', '/buses/orders', { body: { shards: 2 }, headers })).status).toBe(409);
  });

  it.each([
    ['if-match', 'W/"1"'],
    ['if-match', '1'],
    ['if-match', '"0"'],
    ['if-match', '"01"'],
    ['if-match', '"1", "2"'],
    ['if-match', '"99999999999999999999"'],
    ['if-match', '""'],
    ['if-none-match', '"1"'],
    ['if-none-match', 'x'],
  ])('%s: %s is refused', async (name, value) => {
    const { call } = createHarness();
    const answer = await call('PUT', '/buses/orders', { body: {}, headers: { [name]: value } });
    expect(answer.json).toMatchObject({ code: 'request_invalid', place: name });
  });

  it('are not asked for twice', async () => {
    const { call } = createHarness();
    const headers = { 'if-match': '"1"', 'if-none-match': '*' };
    expect((await call('PUT', '/buses/orders', { body: {}, headers })).json).toMatchObject({ code: 'request_invalid' });
  });

  it('let exactly one of two changes of the same version win', async () => {
    const { call } = createHarness();
    const first = await call('PUT', '/buses/orders', { body: {} });
    const headers = { 'if-match': first.headers.get('etag') ?? '' };
    const answers = await Promise.all(
      [2, 3, 4, 5].map((shards) => call('PUT', '/buses/orders', { body: { shards }, headers })),
    );
    expect(statusesOf(answers)).toEqual([200, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await call('GET', '/buses/orders')).json).toEqual(winner?.json);
  });

  it('let exactly one of two creators win', async () => {
    const { call } = createHarness();
    const headers = { 'if-none-match': '*' };
    const bodies = [{ description: 'one' }, { description: 'two' }];
    const answers = await Promise.all(bodies.map((body) => call('PUT', '/buses/orders', { body, headers })));
    expect(statusesOf(answers)).toEqual([201, 409]);
  });

  it('without a precondition every change goes through, and one creates', async () => {
    const { call } = createHarness();
    const bodies = ['one', 'two', 'three', 'four'].map((description) => ({ description }));
    const answers = await Promise.all(bodies.map((body) => call('PUT', '/buses/orders', { body })));
    expect(statusesOf(answers)).toEqual([200, 200, 200, 201]);
  });
});

describe('lists', () => {
  it('come in pages that neither repeat nor lose anything', async () => {
    const { call } = createHarness();
    const names = ['a', 'a-b', 'b', 'c', 'd0', 'd1', 'z'];
    for (const name of names.toReversed()) await call('PUT', `/buses/${name}`, { body: {} });
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '' : `&cursor=${cursor}`;
      const { json } = await call('GET', `/buses?limit=3${query}`);
      const items = json['items'] as unknown as { document: { name: string }; version: number }[];
      seen.push(...items.map(({ document }) => document.name));
      cursor = json['next'] as string | undefined;
    } while (cursor !== undefined && seen.length < 20);
    expect(seen).toEqual(names);
  });

  it('of rules stay within their bus', async () => {
    const { call } = createHarness();
    for (const bus of ['a', 'a-b']) {
      await call('PUT', `/buses/${bus}`, { body: {} });
      for (const rule of ['r1', 'r2']) await call('PUT', `/buses/${bus}/rules/${rule}`, { body: ruleBody });
    }
    const first = await call('GET', '/buses/a/rules?limit=1');
    expect(first.json).toMatchObject({ items: [{ version: 2, document: { name: 'r1', bus: 'a' } }], next: 'r1' });
    const second = await call('GET', '/buses/a/rules?limit=1&cursor=r1');
    expect(second.json).toMatchObject({ items: [{ document: { name: 'r2', bus: 'a' } }] });
    expect(second.json['next']).toBeUndefined();
  });

  it.each(['limit=0', 'limit=101', 'limit=-1', 'limit=1e1', 'limit=', 'limit=x', 'limit=1.5'])(
    'refuse %s',
    async (query) => {
      const { call } = createHarness();
      for (const path of ['/buses', '/keys', '/status']) {
        expect((await call('GET', `${path}?${query}`)).json).toMatchObject({ code: 'request_invalid', place: 'limit' });
      }
    },
  );

  it.each(['cursor=', 'cursor=..%2f..', 'cursor=A', 'cursor=%00', `cursor=${'x'.repeat(64)}`])(
    'refuse %s',
    async (query) => {
      const { call } = createHarness();
      expect((await call('GET', `/buses?${query}`)).json).toMatchObject({ code: 'request_invalid', place: 'cursor' });
    },
  );
});

describe('many changes at once', () => {
  it('all go through, one after the other, and none is lost', async () => {
    const { call, snapshots, failures } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const names = Array.from({ length: 50 }, (_, index) => `r${index}`);
    const answers = await Promise.all(
      names.map((name) => call('PUT', `/buses/orders/rules/${name}`, { body: ruleBody })),
    );
    expect(statusesOf(answers)).toEqual(names.map(() => 201));
    expect((await snapshots.get('default', 'orders'))?.rules.map(({ name }) => name)).toEqual(names.toSorted());
    expect(failures).toEqual([]);
  });
});
