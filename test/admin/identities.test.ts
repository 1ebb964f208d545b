import { describe, expect, it } from 'vitest';
import { createHarness } from './harness.ts';

const identity = {
  issuer: 'https://login.example.com/tenant/v2.0',
  audience: ['tulle'],
  access: [{ claims: { groups: 'ops' }, role: 'operator', buses: ['orders'] }],
};

describe('identity providers', () => {
  it('are stored with what was left out filled in, and shown again', async () => {
    const { call } = createHarness();
    const put = await call('PUT', '/identities/entra', { body: identity });
    expect(put.status).toBe(201);
    expect(put.json).toEqual({
      kind: 'identity',
      name: 'entra',
      ...identity,
      algorithms: ['RS256'],
      leeway: '30s',
    });
    expect((await call('GET', '/identities/entra')).json).toEqual(put.json);
    expect((await call('GET', '/identities')).json).toMatchObject({ items: [{ document: put.json }] });
    expect((await call('PUT', '/identities/entra', { body: identity })).status).toBe(200);
  });

  it.each([
    ['no audience', { audience: [] }, '/audience'],
    ['no access', { access: [] }, '/access'],
    ['access for everybody', { access: [{ claims: {}, role: 'viewer', buses: ['*'] }] }, '/access/0/claims'],
    ['an unknown role', { access: [{ claims: { a: 'b' }, role: 'owner', buses: ['*'] }] }, '/access/0/role'],
    [
      'every bus beside others',
      { access: [{ claims: { a: 'b' }, role: 'viewer', buses: ['*', 'a'] }] },
      '/access/0/buses',
    ],
    ['a symmetric algorithm', { algorithms: ['HS256'] }, '/algorithms/0'],
    ['no algorithm', { algorithms: ['none'] }, '/algorithms/0'],
    ['too much leeway', { leeway: '6m' }, '/leeway'],
    ['neither issuer nor Access', { issuer: undefined }, '/issuer'],
    ['both issuer and Access', { cloudflareAccess: { team: 'acme' } }, '/issuer'],
    [
      'a team that is a host',
      { issuer: undefined, cloudflareAccess: { team: 'evil.example.com/' } },
      '/cloudflareAccess/team',
    ],
    ['an issuer over http', { issuer: 'http://login.example.com' }, '/issuer'],
    ['an issuer on a private address', { issuer: 'https://10.0.0.1' }, '/issuer'],
    ['an issuer with a query', { issuer: 'https://login.example.com/?a=b' }, '/issuer'],
    ['keys on a private address', { jwks: 'https://169.254.169.254/keys' }, '/jwks'],
    ['keys over http', { jwks: 'http://login.example.com/keys' }, '/jwks'],
    ['something unknown', { secret: 'x' }, '/secret'],
  ])('with %s are refused', async (_what, change, place) => {
    const { call } = createHarness();
    const answer = await call('PUT', '/identities/entra', { body: { ...identity, ...change } });
    expect([answer.status, answer.json['place']]).toEqual([400, place]);
  });

  it('may have an issuer that is no address where the keys are named', async () => {
    const { call } = createHarness();
    const body = { ...identity, issuer: 'accounts.google.com', jwks: 'https://www.googleapis.com/oauth2/v3/certs' };
    expect((await call('PUT', '/identities/google', { body })).status).toBe(201);
    expect((await call('PUT', '/identities/google', { body: { ...body, jwks: undefined } })).status).toBe(400);
  });

  it('do not share an issuer and audience, in a change set neither', async () => {
    const { call } = createHarness();
    await call('PUT', '/identities/one', { body: identity });
    const other = await call('PUT', '/identities/two', { body: identity });
    expect([other.status, other.json['code'], other.json['place']]).toEqual([409, 'in_use', '/audience/0']);
    const edits = [
      { delete: { kind: 'identity', name: 'one' } },
      { put: { kind: 'identity', name: 'two', ...identity } },
    ];
    const dry = await call('POST', '/changes', { body: { edits, dryRun: true } });
    expect(dry.status).toBe(200);
    expect((await call('PUT', '/identities/two', { body: identity })).status).toBe(409);
    expect((await call('POST', '/changes', { body: { edits } })).status).toBe(201);
    expect((await call('PUT', '/identities/one', { body: identity })).status).toBe(409);
    expect((await call('PUT', '/identities/two', { body: identity })).status).toBe(200);
    expect((await call('DELETE', '/identities/two')).status).toBe(204);
    expect((await call('PUT', '/identities/one', { body: identity })).status).toBe(201);
  });

  it('are told of in the history as one document', async () => {
    const { call } = createHarness();
    await call('PUT', '/identities/entra', { body: identity });
    const shown = { action: 'created', kind: 'identity', name: 'entra' };
    const { items } = (await call('GET', '/changes')).json as unknown as { items: [{ entries: object[] }] };
    expect(items[0].entries).toEqual([shown]);
    const change = (await call('GET', '/changes/1')).json as unknown as { entries: object[]; intact: boolean };
    expect(change.entries).toMatchObject([shown]);
    expect(change.intact).toBe(true);
    expect((await call('GET', '/identities/entra/history')).json).toMatchObject({ items: [{ version: 1 }] });
  });

  it('publish no bus, as no snapshot holds them', async () => {
    const { call, published } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const before = published.length;
    await call('PUT', '/identities/entra', { body: identity });
    expect(published).toHaveLength(before);
  });
});
