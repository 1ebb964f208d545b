import { beforeAll, describe, expect, it } from 'vitest';
import { createHarness, type Harness, ruleBody } from './harness.ts';

const places = [
  ['GET', '/buses'],
  ['GET', '/buses/orders'],
  ['PUT', '/buses/orders'],
  ['DELETE', '/buses/orders'],
  ['GET', '/buses/orders/rules'],
  ['GET', '/buses/orders/rules/crm'],
  ['PUT', '/buses/orders/rules/crm'],
  ['DELETE', '/buses/orders/rules/crm'],
  ['GET', '/functions'],
  ['GET', '/functions/far'],
  ['PUT', '/functions/far'],
  ['DELETE', '/functions/far'],
  ['GET', '/connections'],
  ['GET', '/connections/crm'],
  ['PUT', '/connections/crm'],
  ['DELETE', '/connections/crm'],
  ['GET', '/secrets'],
  ['GET', '/secrets/crm'],
  ['PUT', '/secrets/crm'],
  ['DELETE', '/secrets/crm'],
  ['GET', '/keys'],
  ['POST', '/keys'],
  ['GET', '/keys/0123456789abcdef'],
  ['DELETE', '/keys/0123456789abcdef'],
  ['GET', '/status'],
] as const;

describe('access', () => {
  it.each([...places, ['GET', '/nowhere'], ['PATCH', '/buses'], ['GET', '']] as const)(
    '%s %s answers a stranger with 401 and nothing else',
    async (method, path) => {
      const { call } = createHarness();
      for (const key of ['', 'wrong', 'tulle_default_0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
        const answer = await call(method, path, { key });
        expect([answer.status, answer.json['code']]).toEqual([401, 'authentication_required']);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tulle"');
      }
    },
  );

  it.each([undefined, '', 'short', 'x'.repeat(23)])('stays shut with the operator key %j', async (adminKey) => {
    const { call } = createHarness({ adminKey });
    expect((await call('GET', '/buses', { key: adminKey ?? 'undefined' })).status).toBe(401);
  });

  it('does not take a key from the query', async () => {
    const { call, keyFor } = createHarness();
    const key = await keyFor('admin', ['*']);
    expect((await call('GET', `/buses?access_token=${key}`, { key: '' })).status).toBe(401);
  });

  describe('by role', () => {
    let harness: Harness;
    const keys: Record<string, string> = {};
    beforeAll(async () => {
      harness = createHarness();
      for (const role of ['publisher', 'viewer', 'admin']) keys[role] = await harness.keyFor(role, ['*']);
    });

    it.each(places)('publisher may not %s %s', async (method, path) => {
      const answer = await harness.call(method, path, { key: keys['publisher'] ?? '' });
      expect([answer.status, answer.json['code']]).toEqual([403, 'permission_denied']);
    });

    it.each(places)('viewer may only look: %s %s', async (method, path) => {
      const { status } = await harness.call(method, path, { key: keys['viewer'] ?? '' });
      if (method === 'GET') expect(status).not.toBe(403);
      else expect(status).toBe(403);
    });

    it.each(places)('admin may %s %s', async (method, path) => {
      const { status } = await harness.call(method, path, { key: keys['admin'] ?? '' });
      expect([401, 403]).not.toContain(status);
    });
  });

  it('keeps an admin of some buses to those', async () => {
    const { call, keyFor } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    await call('PUT', '/buses/users', { body: {} });
    await call('PUT', '/buses/users/rules/crm', { body: ruleBody });
    const key = await keyFor('admin', ['orders', 'later']);

    expect((await call('PUT', '/buses/orders', { key, body: { shards: 2 } })).status).toBe(200);
    expect((await call('PUT', '/buses/orders/rules/crm', { key, body: ruleBody })).status).toBe(201);
    expect((await call('PUT', '/buses/later', { key, body: {} })).status).toBe(201);
    for (const [method, path] of [
      ['GET', '/buses/users'],
      ['PUT', '/buses/users'],
      ['DELETE', '/buses/users'],
      ['GET', '/buses/users/rules'],
      ['GET', '/buses/users/rules/crm'],
      ['PUT', '/buses/users/rules/crm'],
      ['DELETE', '/buses/users/rules/crm'],
      ['PUT', '/buses/new'],
      ['GET', '/functions'],
      ['GET', '/functions/far'],
      ['PUT', '/functions/far'],
      ['DELETE', '/functions/far'],
      ['GET', '/keys'],
      ['POST', '/keys'],
    ] as const) {
      expect((await call(method, path, { key })).status, `${method} ${path}`).toBe(403);
    }
    const listed = await call('GET', '/buses', { key });
    expect(listed.text).not.toContain('users');
    const status = await call('GET', '/status', { key });
    expect(status.text).not.toContain('users');
    expect(status.json).toMatchObject({ items: [{ bus: 'later' }, { bus: 'orders', rules: 1 }] });
  });

  it('keeps tenants apart: the same names are other things', async () => {
    const { call, documents } = createHarness();
    await documents.put('bus/acme/orders', { kind: 'bus', name: 'orders' });
    await documents.put('rule/acme/orders/crm', { kind: 'rule' });
    await documents.put('key/acme/0123456789abcdef', { kind: 'key' });
    expect((await call('GET', '/buses')).json).toEqual({ items: [] });
    expect((await call('GET', '/buses/orders')).status).toBe(404);
    expect((await call('GET', '/keys')).json).toEqual({ items: [] });
    expect((await call('GET', '/keys/0123456789abcdef')).status).toBe(404);
    expect((await call('GET', '/status')).json).toMatchObject({
      items: [],
      usage: { buses: { used: 0 }, rules: { used: 0 }, keys: { used: 0 } },
    });
  });
});

describe('addresses and methods', () => {
  it.each([
    ['/buses', ['GET', 'HEAD']],
    ['/buses/orders', ['DELETE', 'GET', 'HEAD', 'PUT']],
    ['/buses/orders/rules', ['GET', 'HEAD']],
    ['/buses/orders/rules/crm', ['DELETE', 'GET', 'HEAD', 'PUT']],
    ['/functions', ['GET', 'HEAD']],
    ['/functions/far', ['DELETE', 'GET', 'HEAD', 'PUT']],
    ['/keys', ['GET', 'HEAD', 'POST']],
    ['/keys/0123456789abcdef', ['DELETE', 'GET', 'HEAD']],
    ['/status', ['GET', 'HEAD']],
  ])('%s answers other methods with 405 and Allow', async (path, allowed) => {
    const { call } = createHarness();
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'PURGE']) {
      if (allowed.includes(method)) continue;
      const answer = await call(method, path);
      expect([answer.status, answer.headers.get('allow')], method).toEqual([405, allowed.join(', ')]);
      expect(answer.json).toMatchObject({ code: 'method_not_allowed' });
    }
  });

  it.each(['', '/', '/nowhere', '/buses/', '/buses/a/rules/b/c', '/keys/a/b', '/constructor', '/buses//rules'])(
    'there is nothing at %j',
    async (path) => {
      const { call } = createHarness();
      const answer = await call('GET', path);
      expect([answer.status, answer.json['code']]).toEqual([404, 'not_found']);
    },
  );

  it('every answer forbids to be stored', async () => {
    const { call } = createHarness();
    for (const [method, path] of places) {
      const answer = await call(method, path, method === 'PUT' ? { body: {} } : {});
      expect(answer.headers.get('cache-control'), `${method} ${path}`).toBe('no-store');
    }
  });
});
