import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createVault } from '../../mesh/connections/vault.ts';
import { createHarness, type Harness, masterKey, ruleBody, statusesOf } from './harness.ts';

const marker = 'Marker-0123456789abcdef';
const bearer = { bearer: { token: marker } };
const through = (connection: unknown, more: object = {}) => ({
  ...ruleBody,
  targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hooks', connection }, ...more }],
});

/** Everything that is stored anywhere, as text. */
async function everything({ documents, snapshots }: Harness): Promise<string> {
  const items = (await documents.list('', { limit: 1_000 })).items;
  return JSON.stringify([items, await snapshots.get('default', 'orders')]);
}

const complete: [string, Record<string, unknown>, Record<string, unknown>][] = [
  ['bearer', { token: marker }, {}],
  ['basic', { username: 'tulle', password: marker }, { username: 'tulle' }],
  ['apiKey', { header: 'X-Api-Key', value: marker }, { header: 'X-Api-Key' }],
  ['apiKey', { query: 'api_key', value: marker }, { query: 'api_key' }],
  [
    'oauth2',
    { tokenUrl: 'https://login.example.com/token', clientId: 'tulle', clientSecret: marker },
    {
      tokenUrl: 'https://login.example.com/token',
      clientId: 'tulle',
      scopes: [],
      clientAuth: 'basic',
      parameters: {},
    },
  ],
  [
    'hmac',
    { header: 'X-Hub-Signature-256', format: 'sha256={signature}', secret: marker, overlap: '2h' },
    {
      algorithm: 'sha256',
      header: 'X-Hub-Signature-256',
      content: '{body}',
      format: 'sha256={signature}',
      encoding: 'hex',
      timestamp: 'seconds',
      secretEncoding: 'text',
      separator: ',',
      overlap: '2h',
    },
  ],
];

describe('connections', () => {
  it.each(complete)('with %s %j are stored encrypted, and shown without the secret', async (kind, sent, shown) => {
    const harness = createHarness();
    const { call } = harness;
    await call('PUT', '/buses/orders', { body: {} });
    const body = { [kind]: sent, hosts: ['crm.example.com'], description: 'the CRM' };
    const created = await call('PUT', '/connections/crm', { body });
    const document = { kind: 'connection', name: 'crm', ...body, [kind]: shown };
    expect([created.status, created.headers.get('etag'), created.json]).toEqual([201, '"2"', document]);
    const read = await call('GET', '/connections/crm');
    expect(read.json).toEqual(document);
    const list = await call('GET', '/connections');
    expect(list.json).toEqual({ items: [{ version: 2, document }] });
    expect(created.text + read.text + list.text).not.toContain(marker);
    expect(await everything(harness)).not.toContain(marker);

    const stored = (await harness.snapshots.get('default', 'orders'))?.connections?.[0];
    expect(stored).toMatchObject({ name: 'crm', version: 2, scheme: { kind }, hosts: ['crm.example.com'] });
    const owner = { tenant: 'default', kind: 'connection', name: 'crm' } as const;
    expect(await createVault({ current: masterKey }).open(stored?.sealed ?? '', owner)).toBe(marker);
  });

  it('are not written again when nothing changes, and keep the secret that is left out', async () => {
    const harness = createHarness();
    const { call } = harness;
    for (const [kind, sent, shown] of complete) {
      const path = `/connections/${kind.toLowerCase()}${'query' in sent ? '-query' : ''}`;
      const first = (await call('PUT', path, { body: { [kind]: sent } })).headers.get('etag');
      for (const same of [sent, shown]) {
        const again = await call('PUT', path, { body: { [kind]: same } });
        expect([path, again.status, again.headers.get('etag')]).toEqual([path, 200, first]);
      }
      const before = (await harness.live.get(`connection/default${path.slice(12)}`))?.value;
      const changed = await call('PUT', path, { body: { [kind]: shown, description: 'other' } });
      expect(changed.headers.get('etag')).not.toBe(first);
      const after = (await harness.live.get(`connection/default${path.slice(12)}`))?.value;
      expect(after).toMatchObject({ sealed: (before as { sealed: string }).sealed, description: 'other' });
    }
  });

  it('leave every snapshot when they are deleted', async () => {
    const { call, snapshots } = createHarness();
    for (const bus of ['a', 'b']) await call('PUT', `/buses/${bus}`, { body: {} });
    await call('PUT', '/connections/crm', { body: bearer });
    for (const bus of ['a', 'b']) expect((await snapshots.get('default', bus))?.connections).toHaveLength(1);
    expect((await call('DELETE', '/connections/crm')).status).toBe(204);
    for (const bus of ['a', 'b']) expect(await snapshots.get('default', bus)).not.toHaveProperty('connections');
    expect((await call('DELETE', '/connections/crm')).status).toBe(404);
  });

  it('take an admin of every bus; a viewer of every bus may read', async () => {
    const { call, keyFor } = createHarness();
    for (const [role, buses, expected] of [
      ['admin', ['*'], [200, 200, 200]],
      ['viewer', ['*'], [200, 200, 403]],
      ['admin', ['orders'], [403, 403, 403]],
      ['publisher', ['*'], [403, 403, 403]],
    ] as const) {
      await call('PUT', '/connections/crm', { body: bearer });
      const key = await keyFor(role, buses);
      const answers = [
        await call('GET', '/connections', { key }),
        await call('GET', '/connections/crm', { key }),
        await call('PUT', '/connections/crm', { key, body: bearer }),
      ];
      expect([role, buses, answers.map(({ status }) => status)]).toEqual([role, buses, expected]);
    }
  });

  it('keep to versions and preconditions', async () => {
    const { call } = createHarness();
    const create = () => call('PUT', '/connections/crm', { body: bearer, headers: { 'if-none-match': '*' } });
    expect(statusesOf([await create(), await create()])).toEqual([201, 409]);
    const old = { 'if-match': '"1"' };
    const body = { bearer: { token: 'another' } };
    expect((await call('PUT', '/connections/crm', { body, headers: old })).headers.get('etag')).toBe('"2"');
    expect((await call('PUT', '/connections/crm', { body: bearer, headers: old })).status).toBe(409);
    expect((await call('DELETE', '/connections/crm', { headers: old })).status).toBe(409);
  });

  it.each<[string, unknown, string]>([
    ['no scheme', {}, ''],
    ['two schemes', { ...bearer, basic: { username: 'u', password: marker } }, ''],
    ['an unknown scheme', { digest: { password: marker } }, '/digest'],
    ['an unknown member', { bearer: { token: marker, tokn: 1 } }, '/bearer/tokn'],
    ['no token', { bearer: {} }, '/bearer/token'],
    ['an empty token', { bearer: { token: '' } }, '/bearer/token'],
    ['a token with a line break', { bearer: { token: `${marker}\r\nx: y` } }, '/bearer/token'],
    ['a token that is no text', { bearer: { token: 7 } }, '/bearer/token'],
    ['a user with a colon', { basic: { username: 'a:b', password: marker } }, '/basic/username'],
    [
      'a password with a control character',
      { basic: { username: 'a', password: `${marker}\u0007` } },
      '/basic/password',
    ],
    ['no password', { basic: { username: 'a' } }, '/basic/password'],
    ['an API key nowhere', { apiKey: { value: marker } }, '/apiKey'],
    ['an API key twice', { apiKey: { value: marker, header: 'x', query: 'y' } }, '/apiKey'],
    ['a header of the connection', { apiKey: { value: marker, header: 'Host' } }, '/apiKey/header'],
    ['a header that is none', { apiKey: { value: marker, header: 'a b' } }, '/apiKey/header'],
    ['a parameter that is none', { apiKey: { value: marker, query: 'a&b' } }, '/apiKey/query'],
    ['a value that is no header', { apiKey: { value: `ü${marker}`, header: 'x' } }, '/apiKey/value'],
    ['a private token endpoint', oauth({ tokenUrl: 'https://10.0.0.1/' }), '/oauth2/tokenUrl'],
    ['a token endpoint on plain http', oauth({ tokenUrl: 'http://login.example.com/' }), '/oauth2/tokenUrl'],
    ['a scope with a space', oauth({ scopes: ['a b'] }), '/oauth2/scopes/0'],
    ['a parameter of ours', oauth({ parameters: { grant_type: 'password' } }), '/oauth2/parameters/grant_type'],
    ['an unknown way', oauth({ clientAuth: 'jwt' }), '/oauth2/clientAuth'],
    ['no header', { hmac: { secret: marker } }, '/hmac/header'],
    ['a header of the event', hmac({ header: 'ce-id' }), '/hmac/header'],
    ['a header of Standard Webhooks', hmac({ header: 'webhook-signature' }), '/hmac/header'],
    ['no place for the signature', hmac({ format: 'v1' }), '/hmac/format'],
    ['no body', hmac({ content: '{timestamp}', timestampHeader: 't' }), '/hmac/content'],
    ['a timestamp that nobody is told', hmac({ content: '{timestamp}.{body}' }), '/hmac/content'],
    ['one header for both', hmac({ timestampHeader: 'X-SIG' }), '/hmac/timestampHeader'],
    ['a secret in another encoding', hmac({ secretEncoding: 'hex' }), '/hmac/secret'],
    ['a long overlap', hmac({ overlap: '31d' }), '/hmac/overlap'],
    ['a certificate that is not here', { mtls: { binding: 'MTLS_CRM' } }, '/mtls/binding'],
    ['hosts that are none', { ...bearer, hosts: ['https://crm.example.com'] }, '/hosts/0'],
    ['no hosts', { ...bearer, hosts: [] }, '/hosts'],
    ['another name', { ...bearer, name: 'other' }, '/name'],
    ['ciphertext of their own', { ...bearer, sealed: 'v1.a.b.c' }, '/sealed'],
  ])('are refused with %s, without repeating a secret', async (_name, body, place) => {
    const harness = createHarness();
    const { status, json, text } = await harness.call('PUT', '/connections/crm', { body });
    expect([status, json['place']]).toEqual([400, place]);
    expect(text).not.toContain(marker);
    expect((await harness.live.list('connection/')).items).toEqual([]);
  });

  it('may use a client certificate where the platform has it', async () => {
    const certificate = (name: string) => (name === 'MTLS_CRM' ? { fetch: async () => new Response() } : undefined);
    const { call } = createHarness({ connections: { certificate } });
    const created = await call('PUT', '/connections/crm', { body: { mtls: { binding: 'MTLS_CRM' } } });
    expect([created.status, created.json['mtls']]).toEqual([201, { binding: 'MTLS_CRM' }]);
    const { json } = await call('PUT', '/connections/crm', { body: { mtls: { binding: 'MTLS_ERP' } } });
    expect(json).toMatchObject({ detail: expect.stringContaining('no such certificate binding') });
  });

  it.each([{}, { current: 'nonsense' }])(
    'are refused without a usable master key, with the way to make one',
    async (masterKeys) => {
      const { call, documents } = createHarness({ masterKeys });
      const { status, json, text } = await call('PUT', '/connections/crm', { body: bearer });
      expect([status, json['code']]).toEqual([503, 'credential_unavailable']);
      expect(json['mend']).toContain('openssl rand -base64 32');
      expect(text).not.toContain(marker);
      expect((await documents.list('')).items).toEqual([]);
    },
  );

  it('take their secret anew with another token endpoint or encoding', async () => {
    const { call } = createHarness();
    await call('PUT', '/connections/a', { body: oauth({}) });
    const moved = oauth({ tokenUrl: 'https://evil.example.com/', clientSecret: undefined });
    expect((await call('PUT', '/connections/a', { body: moved })).json['place']).toBe('/oauth2/clientSecret');
    await call('PUT', '/connections/b', { body: hmac({}) });
    const recoded = hmac({ secretEncoding: 'hex', secret: undefined });
    expect((await call('PUT', '/connections/b', { body: recoded })).json['place']).toBe('/hmac/secret');
    // Another scheme has no use for the secret of the one before.
    const other = { body: { basic: { username: 'u' } } };
    expect((await call('PUT', '/connections/a', other)).json['place']).toBe('/basic/password');
  });

  it('keep a replaced signing secret for the overlap, and for no other scheme', async () => {
    const { call, snapshots, clock } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const former = async () => (await snapshots.get('default', 'orders'))?.connections?.[0]?.former;
    await call('PUT', '/connections/crm', { body: hmac({ overlap: '2h' }) });
    expect(await former()).toBeUndefined();
    const [first] = (await snapshots.get('default', 'orders'))?.connections ?? [];
    await call('PUT', '/connections/crm', { body: hmac({ overlap: '2h', secret: 'the-second' }) });
    const kept = { sealed: first?.sealed, until: clock.now + 7_200_000 };
    expect(await former()).toEqual(kept);
    clock.now += 60_000;
    await call('PUT', '/connections/crm', {
      body: { ...hmac({ overlap: '2h', secret: undefined }), description: 'x' },
    });
    expect(await former()).toEqual(kept);
    await call('PUT', '/connections/crm', { body: hmac({ secret: 'the-third' }) });
    expect(await former()).toBeUndefined();

    await call('PUT', '/connections/crm', { body: bearer });
    await call('PUT', '/connections/crm', { body: { bearer: { token: 'another' } } });
    expect(await former()).toBeUndefined();
  });

  it('are at most 100', async () => {
    const { call, documents } = createHarness();
    for (let index = 0; index < 100; index += 1) {
      await documents.put(`connection/default/c${index}`, { name: `c${index}`, scheme: { kind: 'bearer' } });
    }
    const refused = await call('PUT', '/connections/one-more', { body: bearer });
    expect([refused.status, refused.json['code']]).toEqual([409, 'limit_reached']);
  });

  it('fit into every snapshot together', async () => {
    const { call } = createHarness();
    const body = { basic: { username: 'u'.repeat(1_024), password: 'ü'.repeat(1_024) } };
    let answer = await call('PUT', '/connections/c0', { body });
    let stored = 0;
    for (; answer.status === 201; answer = await call('PUT', `/connections/c${stored}`, { body })) stored += 1;
    expect([answer.status, answer.json['code'], stored > 20, stored < 30]).toEqual([413, 'too_large', true, true]);
  });
});

describe('a target with a connection', () => {
  async function withConnection(more: object = {}): Promise<Harness> {
    const harness = createHarness();
    for (const bus of ['orders', 'other']) await harness.call('PUT', `/buses/${bus}`, { body: {} });
    await harness.call('PUT', '/connections/crm', { body: { ...bearer, ...more } });
    return harness;
  }

  it('is admitted where there is such a connection, and refused elsewhere with all other faults', async () => {
    const { call } = await withConnection();
    expect((await call('PUT', '/buses/orders/rules/one', { body: through('crm') })).status).toBe(201);
    const { json } = await call('PUT', '/buses/orders/rules/two', { body: through('cmr') });
    expect(json).toMatchObject({
      code: 'target_invalid',
      place: '/targets/0/http/connection',
      mend: 'Did you mean crm?',
    });
    const both = await call('PUT', '/buses/orders/rules/two', { body: { ...through('none'), shrads: 1 } });
    expect(both.json['errors']).toHaveLength(2);
    for (const name of [7, null, {}, '', 'x'.repeat(64), 'constructor', '__proto__']) {
      expect((await call('PUT', '/buses/orders/rules/two', { body: through(name) })).status).toBe(400);
    }
  });

  it('is refused over plain http', async () => {
    const { call } = await withConnection();
    const body = { ...ruleBody, targets: [{ name: 'a', http: { url: 'http://crm.example.com/', connection: 'crm' } }] };
    const { json } = await call('PUT', '/buses/orders/rules/one', { body });
    expect(json).toMatchObject({ code: 'target_invalid', place: '/targets/0/http/url' });
  });

  it('is refused for a host that the connection is not for', async () => {
    const { call } = await withConnection({ hosts: ['*.crm.example.com'] });
    const { json } = await call('PUT', '/buses/orders/rules/one', { body: through('crm') });
    expect(json).toMatchObject({ code: 'target_invalid', place: '/targets/0/http/url' });
    await call('PUT', '/connections/crm', { body: { ...bearer, hosts: ['crm.example.com'] } });
    expect((await call('PUT', '/buses/orders/rules/one', { body: through('crm') })).status).toBe(201);
    const narrowed = await call('PUT', '/connections/crm', { body: { ...bearer, hosts: ['erp.example.com'] } });
    expect([narrowed.status, narrowed.json['code']]).toEqual([409, 'in_use']);
  });

  it('is taken where the address is that of the system, and its hosts are looked at when something is sent', async () => {
    const { call, keyFor } = await withConnection({ hosts: ['slack.com'] });
    const body = { ...ruleBody, targets: [{ name: 'a', slack: { connection: 'crm', channel: 'C1' } }] };
    expect((await call('PUT', '/buses/orders/rules/one', { body })).status).toBe(201);
    expect((await call('PUT', '/connections/crm', { body: { ...bearer, hosts: ['slack.com'] } })).status).toBe(200);
    await call('DELETE', '/buses/orders/rules/one');
    await call('PUT', '/connections/crm', { body: bearer });
    const key = await keyFor('admin', ['orders']);
    expect((await call('PUT', '/buses/orders/rules/one', { body, key })).status).toBe(400);
  });

  it('is refused to an admin of some buses who could lead the credentials anywhere', async () => {
    const { call, keyFor } = await withConnection();
    const key = await keyFor('admin', ['orders']);
    const put = () => call('PUT', '/buses/orders/rules/one', { body: through('crm'), key });
    expect((await put()).json).toMatchObject({ code: 'target_invalid', place: '/targets/0/http/url' });
    await call('PUT', '/connections/crm', { body: { ...bearer, hosts: ['crm.example.com'] } });
    expect((await put()).status).toBe(201);
  });

  it('keeps the connection from being deleted', async () => {
    const { call } = await withConnection();
    await call('PUT', '/buses/other/rules/one', { body: through('crm') });
    const refused = await call('DELETE', '/connections/crm');
    expect([refused.status, refused.json]).toMatchObject([
      409,
      { code: 'in_use', detail: 'The target crm of the rule one on the bus other uses the connection crm.' },
    ]);
    await call('DELETE', '/buses/other/rules/one');
    expect((await call('DELETE', '/connections/crm')).status).toBe(204);
  });

  it.each(['DELETE', 'PUT'])(
    'never outlives what its connection allows, whichever of it and a %s is first',
    async (method) => {
      for (let delay = 0; delay < 24; delay += 1) {
        const memory = createMemoryDocuments();
        let ticks = 0;
        // Every storage call of one request waits, so that the requests meet at ever different points.
        const slow = async <Result>(work: () => Promise<Result>): Promise<Result> => {
          for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
          return work();
        };
        const { call } = createHarness({
          documents: {
            get: (key) => slow(() => memory.get(key)),
            put: (key, value, version) => slow(() => memory.put(key, value, version)),
            delete: (key, version) => memory.delete(key, version),
            list: (prefix, options) => memory.list(prefix, options),
          },
        });
        await call('PUT', '/buses/orders', { body: {} });
        await call('PUT', '/connections/crm', { body: bearer });
        ticks = delay;
        const [put, changed] = await Promise.all([
          call('PUT', '/buses/orders/rules/one', { body: through('crm') }),
          method === 'DELETE'
            ? call('DELETE', '/connections/crm')
            : call('PUT', '/connections/crm', { body: { ...bearer, hosts: ['erp.example.com'] } }),
        ]);
        ticks = 0;
        const rule = (await call('GET', '/buses/orders/rules/one')).status === 200;
        const connection = await call('GET', '/connections/crm');
        const isTaken = connection.status === 404 || connection.json['hosts'] !== undefined;
        expect([delay, rule && isTaken]).toEqual([delay, false]);
        expect([put.status === 201, changed.status < 300]).toEqual([rule, isTaken]);
      }
    },
  );
});

describe('a function with a connection', () => {
  const at = (runs: object) => ({ body: { runs: { http: 'https://fn.example.com/', ...runs } } });

  it('is admitted where there is such a connection for its host, and keeps it', async () => {
    const { call } = createHarness();
    expect((await call('PUT', '/functions/far', at({ connection: 'crm' }))).json['place']).toBe('/runs/connection');
    await call('PUT', '/connections/crm', { body: { ...bearer, hosts: ['crm.example.com'] } });
    expect((await call('PUT', '/functions/far', at({ connection: 'crm' }))).json['place']).toBe('/runs/http');
    await call('PUT', '/connections/crm', { body: bearer });
    expect((await call('PUT', '/functions/far', at({ connection: 'crm' }))).status).toBe(201);
    expect((await call('DELETE', '/connections/crm')).json['code']).toBe('in_use');
    const plain = at({ http: 'http://fn.example.com/', connection: 'crm' });
    expect((await call('PUT', '/functions/far', plain)).json['place']).toBe('/runs/http');
  });
});

function oauth(changes: Record<string, unknown>): Record<string, unknown> {
  return {
    oauth2: { tokenUrl: 'https://login.example.com/', clientId: 'tulle', clientSecret: marker, ...changes },
  };
}

function hmac(changes: Record<string, unknown>): Record<string, unknown> {
  return { hmac: { header: 'x-sig', secret: marker, ...changes } };
}
