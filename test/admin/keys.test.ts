import { describe, expect, it } from 'vitest';
import { createKeyLookup } from '../../admin/keys.ts';
import { createAuthenticator } from '../../mesh/authentication.ts';
import { createHarness } from './harness.ts';

describe('keys', () => {
  it('are shown once, when they are created', async () => {
    const { call, documents } = createHarness();
    const created = await call('POST', '/keys', {
      body: { role: 'publisher', buses: ['orders'], description: 'shop' },
    });
    expect(created.status).toBe(201);
    const { key, id } = created.json as unknown as { key: string; id: string };
    expect(key).toMatch(/^tulle_default_[0-9a-f]{16}\.[A-Za-z0-9_-]{43}$/);
    expect(key).toContain(id);
    expect(created.headers.get('location')).toBe(`/v1/admin/keys/${id}`);
    const secret = key.split('.')[1] ?? 'missing';

    const shown = await call('GET', `/keys/${id}`);
    const listed = await call('GET', '/keys');
    expect(shown.json).toEqual({
      kind: 'key',
      id,
      role: 'publisher',
      buses: ['orders'],
      description: 'shop',
      created: '2030-01-01T00:00:00.000Z',
    });
    expect(listed.json).toEqual({ items: [{ version: 1, document: shown.json }] });

    const stored = JSON.stringify((await documents.list('')).items);
    const hash = /"hash":"([0-9a-f]{64})"/.exec(stored)?.[1] ?? 'missing';
    expect(stored).not.toContain(secret);
    for (const { text } of [shown, listed]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(hash);
    }
  });

  it('differ from one another', async () => {
    const { keyFor } = createHarness();
    const keys = await Promise.all(Array.from({ length: 20 }, () => keyFor('viewer', ['*'])));
    expect(new Set(keys).size).toBe(20);
  });

  it('reach every snapshot of the tenant, and leave it when they are deleted', async () => {
    const { call, snapshots } = createHarness();
    for (const bus of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await call('PUT', `/buses/${bus}`, { body: {} });
    const created = await call('POST', '/keys', {
      body: { role: 'publisher', buses: ['a'], expires: '2030-06-01T00:00:00+02:00' },
    });
    for (const bus of ['a', 'g']) {
      expect((await snapshots.get('default', bus))?.keys).toEqual([
        {
          id: created.json['id'],
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          role: 'publisher',
          buses: ['a'],
          expiresAt: Date.parse('2030-05-31T22:00:00Z'),
        },
      ]);
    }
    expect((await call('DELETE', created.headers.get('location')?.slice('/v1/admin'.length) ?? '')).status).toBe(204);
    for (const bus of ['a', 'g']) expect((await snapshots.get('default', bus))?.keys).toEqual([]);
  });

  it('open the mesh by the snapshot alone', async () => {
    const { call, keyFor, snapshots, clock } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const key = await keyFor('publisher', ['orders']);
    const { keys } = (await snapshots.get('default', 'orders')) ?? { keys: [] };
    const authenticator = createAuthenticator({ now: () => clock.now });
    const request = new Request('https://tulle.example/v1/events', { headers: { authorization: `Bearer ${key}` } });
    const principal = await authenticator.authenticate(request, (_tenant, id) => keys.find((known) => known.id === id));
    expect(principal).toMatchObject({ tenant: 'default', role: 'publisher', buses: ['orders'] });
  });

  it('are given a new secret, beside which the one of before is valid for a time', async () => {
    const { call, clock, snapshots } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const { json: created } = await call('POST', '/keys', { body: { role: 'viewer', buses: ['*'] } });
    const path = `/keys/${created['id'] as unknown as string}`;
    const rotated = await call('POST', `${path}/rotate`, { body: { overlap: '1h' } });
    expect(rotated.status).toBe(200);
    expect(rotated.json).toEqual({
      kind: 'key',
      id: created['id'],
      role: 'viewer',
      buses: ['*'],
      created: '2030-01-01T00:00:00.000Z',
      rotated: '2030-01-01T00:00:00.000Z',
      former: [{ until: '2030-01-01T01:00:00.000Z' }],
      key: expect.stringMatching(/^tulle_default_/),
    });
    const [first, second] = [created['key'], rotated.json['key']] as unknown as [string, string];
    const authenticator = createAuthenticator({ now: () => clock.now });
    async function statusesWith(key: string): Promise<unknown> {
      const { keys = [] } = (await snapshots.get('default', 'orders')) ?? {};
      const request = new Request('https://tulle.example/', { headers: { authorization: `Bearer ${key}` } });
      const inMesh = authenticator.authenticate(request, (_tenant, id) => keys.find((known) => known.id === id));
      const mesh = await inMesh.then(
        () => 200,
        (error: { status: number }) => error.status,
      );
      return [(await call('GET', '/buses', { key })).status, mesh];
    }
    expect(first).not.toBe(second);
    expect([await statusesWith(first), await statusesWith(second)]).toEqual([
      [200, 200],
      [200, 200],
    ]);
    clock.now += 3_600_000;
    expect([await statusesWith(first), await statusesWith(second)]).toEqual([
      [401, 401],
      [200, 200],
    ]);

    const { json: third } = await call('POST', `${path}/rotate`, { body: {} });
    expect(third['former']).toEqual([{ until: '2030-01-02T01:00:00.000Z' }]);
    const { json: fourth } = await call('POST', `${path}/rotate`, { body: { overlap: '7d' } });
    expect(fourth['former']).toHaveLength(2);
    const full = await call('POST', `${path}/rotate`, { body: {} });
    expect([full.status, full.json['code'], full.json['place']]).toEqual([409, 'limit_reached', '/overlap']);
    const { json: last } = await call('POST', `${path}/rotate`, { body: { overlap: '0s' } });
    expect(last['former']).toBeUndefined();
    for (const { key } of [{ key: second }, third, fourth]) {
      expect(await statusesWith(key as unknown as string)).toEqual([401, 401]);
    }
    expect(await statusesWith(last['key'] as unknown as string)).toEqual([200, 200]);
    await call('DELETE', path);
    expect(await statusesWith(last['key'] as unknown as string)).toEqual([401, 401]);
  });

  it('keep no hash of any secret in an answer, nor a secret in the store', async () => {
    const { call, documents } = createHarness();
    const { json: created } = await call('POST', '/keys', { body: { role: 'viewer', buses: ['*'] } });
    const path = `/keys/${created['id'] as unknown as string}`;
    const rotated = await call('POST', `${path}/rotate`, { body: {} });
    const stored = JSON.stringify((await documents.list('')).items);
    const hashes = [...stored.matchAll(/"hash":"([0-9a-f]{64})"/g)].map(([, hash]) => hash ?? '');
    for (const { key } of [created, rotated.json]) {
      expect(stored).not.toContain((key as unknown as string).split('.')[1]);
    }
    const keys = await call('GET', '/keys');
    expect(keys.text).toContain('"former":[{"until"');
    for (const text of [rotated.text, keys.text, (await call('GET', path)).text]) {
      for (const hash of hashes) expect(text).not.toContain(hash);
    }
  });

  it.each([{ overlap: '31d' }, { overlap: '0' }, { overlap: 5 }, { Overlap: '1h' }, []])(
    'are not rotated by %j',
    async (body) => {
      const { call } = createHarness();
      const { json } = await call('POST', '/keys', { body: { role: 'viewer', buses: ['*'] } });
      const answer = await call('POST', `/keys/${json['id'] as unknown as string}/rotate`, { body });
      expect([answer.status, answer.json['code']]).toEqual([400, 'resource_invalid']);
    },
  );

  it('are out of the admin API at once when they are deleted or expired', async () => {
    const { call, keyFor, clock, live } = createHarness();
    const revoked = await keyFor('admin', ['*']);
    const expiring = await keyFor('viewer', ['*'], { expires: '2030-01-01T01:00:00Z' });
    expect((await call('GET', '/buses', { key: revoked })).status).toBe(200);
    expect((await call('GET', '/buses', { key: expiring })).status).toBe(200);

    const id = /_([0-9a-f]+)\./.exec(revoked)?.[1] ?? '';
    await call('DELETE', `/keys/${id}`);
    clock.now += 3_600_000;
    expect((await call('GET', '/buses', { key: revoked })).status).toBe(401);
    expect((await call('GET', '/buses', { key: expiring })).status).toBe(401);
    expect(await createKeyLookup(live)('default', id)).toBeUndefined();
  });

  it('cannot be found under another tenant', async () => {
    const { call, keyFor } = createHarness();
    const key = await keyFor('admin', ['*']);
    expect((await call('GET', '/buses', { key: key.replace('_default_', '_acme_') })).status).toBe(401);
  });

  it('are at most 200', async () => {
    const { call, documents } = createHarness();
    for (let index = 0; index < 200; index += 1) await documents.put(`key/default/${index}`, {});
    const refused = await call('POST', '/keys', { body: { role: 'viewer', buses: ['*'] } });
    expect([refused.status, refused.json['code']]).toEqual([409, 'limit_reached']);
  });

  it.each([
    ['no role', { buses: ['*'] }, '/role'],
    ['an unknown role', { role: 'root', buses: ['*'] }, '/role'],
    ['no buses', { role: 'viewer' }, '/buses'],
    ['an empty list of buses', { role: 'viewer', buses: [] }, '/buses'],
    ['a bus that is no name', { role: 'viewer', buses: ['a/b'] }, '/buses/0'],
    ['a pattern of buses', { role: 'viewer', buses: ['order*'] }, '/buses/0'],
    ['everything and something', { role: 'viewer', buses: ['*', 'orders'] }, '/buses'],
    ['a bus twice', { role: 'viewer', buses: ['a', 'a'] }, '/buses'],
    ['too many buses', { role: 'viewer', buses: Array.from({ length: 21 }, (_, i) => `b${i}`) }, '/buses'],
    ['a past end', { role: 'viewer', buses: ['*'], expires: '2029-12-31T23:59:59Z' }, '/expires'],
    ['an impossible end', { role: 'viewer', buses: ['*'], expires: '2031-13-45T00:00:00Z' }, '/expires'],
    ['an end that is a date', { role: 'viewer', buses: ['*'], expires: '2031-01-01' }, '/expires'],
    ['a hash of its own', { role: 'viewer', buses: ['*'], hash: '0'.repeat(64) }, '/hash'],
    ['an id of its own', { role: 'viewer', buses: ['*'], id: '0123456789abcdef' }, '/id'],
    ['a tenant', { role: 'viewer', buses: ['*'], tenant: 'acme' }, '/tenant'],
  ])('are refused with %s', async (_name, body, place) => {
    const { call } = createHarness();
    const answer = await call('POST', '/keys', { body });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'resource_invalid', place });
    expect((await call('GET', '/keys')).json).toEqual({ items: [] });
  });

  it.each(['x', '0123456789ABCDEF', '..%2f..%2fbus', '0123456789abcdef0'])('refuse the id %s', async (id) => {
    const { call } = createHarness();
    for (const method of ['GET', 'DELETE']) {
      expect((await call(method, `/keys/${id}`)).json).toMatchObject({ code: 'request_invalid', place: 'id' });
    }
  });

  it('answer 404 where there is none of that id', async () => {
    const { call } = createHarness();
    for (const method of ['GET', 'DELETE']) {
      expect((await call(method, '/keys/0123456789abcdef')).json).toMatchObject({ code: 'not_found' });
    }
  });
});
