import { beforeEach, describe, expect, it } from 'vitest';
import { createEvent, createHarness, type Harness } from '../harness.ts';
import { createIssuer, createKey, encodePart, type Issuer, type TestAlgorithm, toBase64Url } from './issuer.ts';

const access = [
  { claims: { groups: 'ops' }, role: 'operator', buses: ['orders'] },
  { claims: { groups: 'admins', email_verified: true }, role: 'admin', buses: ['*'] },
  { claims: { '/realm_access/roles': ['writer', 'author'] }, role: 'publisher', buses: ['orders'] },
];
const ops = { groups: ['staff', 'ops'] };
const admin = { groups: ['admins'], email_verified: true };
const writer = { realm_access: { roles: ['author'] } };

let harness: Harness;
let issuer: Issuer;
/** What its addresses were asked for. */
const asked = (): number => harness.received.filter(({ url }) => url.startsWith(issuer.url)).length;

function serve(): void {
  harness.answer = ({ url }) => {
    if (url === `${issuer.url}/.well-known/openid-configuration`) return Response.json(issuer.configuration());
    if (url === `${issuer.url}/keys`) return Response.json(issuer.jwks());
    return new Response(null, { status: 404 });
  };
}

async function setUp(document: object = {}, name = 'login'): Promise<void> {
  const answer = await harness.admin('PUT', `/v1/admin/identities/${name}`, {
    issuer: issuer.url,
    audience: ['tulle'],
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    access,
    ...document,
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function ask(token: string, path = '/v1/buses/orders/deliveries', init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== '') headers.set('authorization', `Bearer ${token}`);
  return harness.mesh.fetch(new Request(`https://mesh.test${path}`, { ...init, headers }));
}

async function problemOf(answer: Response): Promise<readonly [number, string]> {
  const { detail = '' } = (await answer.json()) as { detail?: string };
  return [answer.status, detail];
}

beforeEach(async () => {
  harness = createHarness();
  issuer = await createIssuer({ now: () => harness.now });
  serve();
  await harness.admin('PUT', '/v1/admin/buses/orders', {});
  await harness.admin('PUT', '/v1/admin/buses/users', {});
});

describe('tokens of an identity provider', () => {
  it.each<TestAlgorithm>(['RS256', 'ES256', 'EdDSA'])('signed by %s do what their claims say', async (algorithm) => {
    await setUp();
    await issuer.rotate(algorithm);
    expect((await ask(await issuer.sign(ops))).status).toBe(200);
    expect((await ask(await issuer.sign(ops), '/v1/buses/users/deliveries')).status).toBe(403);
    expect((await ask(await issuer.sign(ops), '/v1/admin/connections')).status).toBe(403);
    expect((await ask(await issuer.sign(admin), '/v1/admin/connections')).status).toBe(200);
    const published = await harness.publish(createEvent('e1'), { bus: 'orders', key: await issuer.sign(writer) });
    expect(published.status).toBe(202);
    expect((await harness.publish(createEvent('e2'), { bus: 'orders', key: await issuer.sign(ops) })).status).toBe(403);
    // Of everything, the keys were read once.
    expect(asked()).toBe(2);
  });

  it('are asked for in the history by the name of the provider and the subject', async () => {
    await setUp({ subject: 'email' });
    const token = await issuer.sign({ ...admin, email: 'alice@example.com\n' });
    const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await ask(token, '/v1/admin/buses/new', init)).status).toBe(201);
    const changes = (await (await harness.admin('GET', '/v1/admin/changes?limit=1')).json()) as {
      items: [{ by: string }];
    };
    expect(changes.items[0].by).toBe('login:alice@example.com ');
  });

  it('end with their provider: at once where documents are read, within seconds for publishers', async () => {
    await setUp();
    const token = await issuer.sign(writer);
    const operator = await issuer.sign(ops);
    expect((await harness.publish(createEvent('e1'), { bus: 'orders', key: token })).status).toBe(202);
    expect((await harness.admin('DELETE', '/v1/admin/identities/login')).status).toBe(204);
    expect((await ask(operator)).status).toBe(401);
    harness.now += 5_001;
    await harness.publish(createEvent('e2'), { bus: 'orders', key: token });
    await new Promise((resolve) => void setTimeout(resolve, 5));
    expect((await harness.publish(createEvent('e3'), { bus: 'orders', key: token })).status).toBe(401);
  });

  it('do what the provider says now, and not what it said when they were first seen', async () => {
    await setUp();
    const token = await issuer.sign(ops);
    expect((await ask(token)).status).toBe(200);
    await setUp({ access: [{ claims: { groups: 'others' }, role: 'operator', buses: ['orders'] }] });
    expect(await problemOf(await ask(token))).toEqual([403, expect.stringContaining('nothing in it grants access')]);
    await setUp({ algorithms: ['RS256'] });
    expect((await ask(token)).status).toBe(401);
  });

  it('grant what the first fitting entry says, and every claim of it has to hold', async () => {
    await setUp({
      access: [
        { claims: { groups: 'ops', email_verified: true }, role: 'admin', buses: ['*'] },
        { claims: { groups: 'ops' }, role: 'viewer', buses: ['orders'] },
      ],
    });
    const post = { method: 'POST' };
    const path = '/v1/buses/orders/replays/r/cancel';
    expect((await ask(await issuer.sign({ ...ops, email_verified: true }), path, post)).status).toBe(404);
    for (const claims of [ops, { ...ops, email_verified: 'true' }, { ...ops, email_verified: 1 }]) {
      expect((await ask(await issuer.sign(claims), path, post)).status).toBe(403);
      expect((await ask(await issuer.sign(claims))).status).toBe(200);
    }
    for (const claims of [{ groups: 'opsx' }, { groups: { ops: true } }, { groups: [['ops']] }, { groups: null }, {}]) {
      expect((await ask(await issuer.sign(claims))).status, JSON.stringify(claims)).toBe(403);
    }
  });

  it('may come in the query where keys may', async () => {
    await setUp();
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(createEvent('e1')),
    };
    const path = `/v1/buses/orders/events?access_token=${await issuer.sign(writer)}`;
    expect((await ask('', path, init)).status).toBe(202);
    expect((await ask('', `/v1/admin/buses?access_token=${await issuer.sign(admin)}`)).status).toBe(401);
  });
});

describe('the tenant of a token', () => {
  async function createTenant(name: string): Promise<string> {
    await harness.admin('PUT', `/v1/admin/tenants/${name}`, {});
    const made = await harness.admin('POST', `/v1/admin/tenants/${name}/keys`, { role: 'admin', buses: ['*'] });
    const { key } = (await made.json()) as { key: string };
    await ask(key, '/v1/admin/buses/orders', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ description: name }),
    });
    return key;
  }
  const busOf = async (token: string): Promise<unknown> =>
    ((await (await ask(token, '/v1/admin/buses/orders')).json()) as { description?: string }).description;
  const put = (key: string, document: object, name = 'login'): Promise<Response> =>
    ask(key, `/v1/admin/identities/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ issuer: issuer.url, audience: ['tulle'], algorithms: ['ES256'], access, ...document }),
    });

  it('is the one whose provider has its issuer and audience, which no other can have as well', async () => {
    const [acme, globex] = [await createTenant('acme'), await createTenant('globex')];
    expect((await put(acme, {})).status).toBe(201);
    expect(await problemOf(await put(globex, {}))).toEqual([
      409,
      'Tokens of this issuer for this audience belong to an identity provider of another tenant.',
    ]);
    expect((await put(globex, { audience: ['globex'] })).status).toBe(201);
    expect(await busOf(await issuer.sign(admin))).toBe('acme');
    expect(await busOf(await issuer.sign({ ...admin, aud: ['other', 'globex'] }))).toBe('globex');
    const both = await ask(await issuer.sign({ ...admin, aud: ['tulle', 'globex'] }), '/v1/admin/buses/orders');
    expect(await problemOf(both)).toEqual([401, expect.stringContaining('several identity providers')]);
    // A claim of a token says nothing about its tenant.
    expect(await busOf(await issuer.sign({ ...admin, tenant: 'globex' }))).toBe('acme');

    // What is given up can be had.
    expect((await put(acme, { audience: ['acme'] })).status).toBe(200);
    expect((await put(globex, { audience: ['globex', 'tulle'] })).status).toBe(200);
    expect(await busOf(await issuer.sign(admin))).toBe('globex');
  });

  it('is that of one of two who take the pair at once, and the other gets nobody', async () => {
    const [acme, globex] = [await createTenant('acme'), await createTenant('globex')];
    const answers = await Promise.all([put(acme, {}), put(globex, {})]);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    const first = await busOf(await issuer.sign(admin));
    expect(['acme', 'globex']).toContain(first);
    expect((await put(first === 'acme' ? globex : acme, { leeway: '9s' })).status).toBe(409);
    expect(await busOf(await issuer.sign(admin))).toBe(first);
  });

  it('is named by a claim where the operator says so, and nobody else can', async () => {
    const acme = await createTenant('acme');
    await createTenant('globex');
    const document = { tenantClaim: 'org' };
    expect((await put(acme, document)).status).toBe(403);
    await setUp(document, 'everybody');
    expect(await busOf(await issuer.sign({ ...admin, org: 'acme' }))).toBe('acme');
    expect(await busOf(await issuer.sign({ ...admin, org: 'globex' }))).toBe('globex');
    for (const org of ['default', 'nobody', 'acme/x', '', 7, ['acme'], undefined]) {
      const answer = await ask(await issuer.sign({ ...admin, org }), '/v1/admin/buses/orders');
      expect(await problemOf(answer), String(org)).toEqual([403, 'The token names no tenant of this installation.']);
    }
    // An admin of the tenant `default` who is not the operator neither changes nor deletes it.
    const made = await harness.admin('POST', '/v1/admin/keys', { role: 'admin', buses: ['*'] });
    const { key } = (await made.json()) as { key: string };
    expect((await put(key, {}, 'everybody')).status).toBe(403);
    expect((await ask(key, '/v1/admin/identities/everybody', { method: 'DELETE' })).status).toBe(403);
    expect((await ask(key, '/v1/admin/identities/everybody')).status).toBe(200);
    // And a token never is the operator.
    const operator = await issuer.sign({ ...admin, org: 'acme', sub: 'operator' });
    expect((await ask(operator, '/v1/admin/tenants')).status).toBe(403);
  });
});

describe('attacks', () => {
  const denied = async (token: string, why: string): Promise<void> => {
    const answer = await ask(token);
    expect(await problemOf(answer), token.slice(0, 40)).toEqual([401, expect.stringContaining(why)]);
  };

  beforeEach(async () => {
    await setUp();
    expect((await ask(await issuer.sign(ops))).status).toBe(200);
  });

  it('another algorithm: none, secrets made of public keys, and those that are not allowed', async () => {
    const [, claims = ''] = (await issuer.sign(ops)).split('.');
    for (const alg of ['none', 'None', 'nOnE', '', null, undefined, 7, ['ES256'], 'HS256', 'PS256', 'ES384', 'es256']) {
      await denied(`${encodePart({ alg, kid: 'es256-1' })}.${claims}.AAAA`, 'algorithm (alg) is not taken');
    }
    for (const signature of ['', '.']) {
      await denied(`${encodePart({ alg: 'none' })}.${claims}.${signature}`, 'not valid here');
    }
    const rsa = await issuer.rotate('RS256');
    const pem = new TextEncoder().encode(JSON.stringify(rsa.jwk));
    const secret = await crypto.subtle.importKey('raw', pem, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const signed = `${encodePart({ alg: 'HS256', kid: rsa.kid })}.${claims}`;
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', secret, new TextEncoder().encode(signed)));
    await denied(`${signed}.${toBase64Url(mac)}`, 'algorithm (alg) is not taken');
    // The right key under another name of an algorithm that is allowed.
    await denied(await issuer.sign(ops, { header: { alg: 'RS256', kid: 'es256-1' } }), 'no such key');
    await denied(await issuer.sign(ops, { header: { alg: 'EdDSA', kid: 'es256-1' } }), 'no such key');
    await setUp({ algorithms: ['RS256'] });
    await denied(await issuer.sign(ops, { key: await createKey('ES256', 'es256-1') }), 'algorithm (alg) is not taken');
  });

  it('another key: of the attacker, in the header, or behind an address in it', async () => {
    const own = await createKey('ES256', 'es256-1');
    const before = asked();
    for (const header of [
      {},
      { jwk: own.jwk },
      { jku: 'https://evil.example.com/keys' },
      { x5u: 'https://evil.example.com/certificate', x5c: ['MIIB'], x5t: 'AAAA' },
    ]) {
      await denied(await issuer.sign(ops, { key: own, header }), 'signature is wrong');
    }
    expect(asked()).toBe(before);
    expect(harness.received.some(({ url }) => url.includes('evil'))).toBe(false);
    const [header = '', claims = '', signature = ''] = (await issuer.sign(ops)).split('.');
    const [, others = ''] = (await issuer.sign(admin)).split('.');
    await denied(`${header}.${others}.${signature}`, 'signature is wrong');
    await denied(`${header}.${claims}.${signature.slice(0, -4)}`, 'signature is wrong');
    await denied(`${header}.${claims}.AA`, 'signature is wrong');
  });

  it('names of keys that are something else', async () => {
    for (const kid of ['../../keys', "' OR 1=1", '__proto__', 'constructor', '\u0000', 'x'.repeat(2_000), '']) {
      await denied(await issuer.sign(ops, { header: { kid } }), 'no such key');
    }
    for (const kid of [1, null, ['es256-1'], { a: 1 }]) {
      await denied(await issuer.sign(ops, { header: { kid } }), 'no text');
    }
    // However many are made up, the issuer is asked once more, and who has a good token notices nothing.
    expect(asked()).toBeLessThanOrEqual(4);
    expect((await ask(await issuer.sign(ops))).status).toBe(200);
  });

  it('times: over, not yet, from the future, missing, no numbers', async () => {
    const seconds = Math.floor(harness.now / 1_000);
    await denied(await issuer.sign({ ...ops, exp: seconds - 30 }), 'has expired');
    expect((await ask(await issuer.sign({ ...ops, exp: seconds - 29 }))).status).toBe(200);
    await denied(await issuer.sign({ ...ops, nbf: seconds + 31 }), 'not valid yet');
    expect((await ask(await issuer.sign({ ...ops, nbf: seconds + 30 }))).status).toBe(200);
    await denied(await issuer.sign({ ...ops, iat: seconds + 31 }), 'not valid yet');
    for (const exp of [undefined, null, '9999999999', Number.NaN, [seconds + 60], {}]) {
      await denied(await issuer.sign({ ...ops, exp }), 'does not say when it ends');
    }
    for (const nbf of ['0', null, [], {}]) await denied(await issuer.sign({ ...ops, nbf }), 'is no number');
    // One that was let in is not let in for longer than it lasts.
    const token = await issuer.sign(ops);
    expect((await ask(token)).status).toBe(200);
    harness.now += 331_000;
    await denied(token, 'has expired');
  });

  it('another issuer, another audience', async () => {
    const nobody = 'Nobody has set up its issuer and audience';
    for (const iss of [`${issuer.url}/`, issuer.url.toUpperCase(), 'https://evil.example.com', ` ${issuer.url}`]) {
      await denied(await issuer.sign({ ...ops, iss }), nobody);
    }
    for (const aud of ['other', 'Tulle', 'tulle ', ['other'], ['tulle,other']]) {
      await denied(await issuer.sign({ ...ops, aud }), nobody);
    }
    for (const claims of [
      { iss: undefined },
      { iss: [issuer.url] },
      { aud: undefined },
      { aud: [] },
      { aud: [['tulle']] },
    ]) {
      await denied(await issuer.sign({ ...ops, ...claims }), 'by whom and for whom');
    }
    const many = Array.from({ length: 10 }, (_, index) => `a${index}`);
    await denied(await issuer.sign({ ...ops, aud: [...many, 'tulle'] }), 'by whom and for whom');
    expect((await ask(await issuer.sign({ ...ops, aud: ['other', 'tulle'] }))).status).toBe(200);
  });

  it('what asks for more than is done here, or is meant for something else', async () => {
    for (const crit of [['b64'], ['exp'], [], 'exp', null]) {
      await denied(await issuer.sign(ops, { header: { crit, b64: false } }), '(crit)');
    }
    for (const typ of ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JWE', 7, null]) {
      await denied(await issuer.sign(ops, { header: { typ } }), '(typ)');
    }
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined]) {
      expect((await ask(await issuer.sign(ops, { header: { typ } }))).status).toBe(200);
    }
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    await denied(await issuer.sign({ ...ops, events }), 'tells of an event');
    await denied(await issuer.sign({ ...ops, cnf: { jkt: 'x' } }), 'bound to a key');
  });

  it('what is no token: huge, nested, twice, broken', async () => {
    const [header = '', claims = '', signature = ''] = (await issuer.sign(ops)).split('.');
    const huge = await issuer.sign({ ...ops, groups: Array.from({ length: 3_000 }, (_, index) => `g${index}`) });
    expect(huge.length).toBeGreaterThan(12_288);
    expect((await ask(huge)).status).toBe(401);
    for (const token of [
      `${header}.${claims}`,
      `${header}.${claims}.${signature}.${signature}`,
      `${header}.${claims}.${signature}=`,
      `${header}.${claims}.+/+/`,
      `${header}=.${claims}.${signature}`,
      `${encodePart('[]')}.${claims}.${signature}`,
      `${encodePart('null')}.${claims}.${signature}`,
      `${encodePart('{')}.${claims}.${signature}`,
      `${encodePart('{"alg":"none","alg":"ES256","kid":"es256-1"}')}.${claims}.${signature}`,
      `${header}.${encodePart(`{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`)}.${signature}`,
      `${header}.${toBase64Url(new Uint8Array([0x7b, 0xff, 0x7d]))}.${signature}`,
      `${header}.A.${signature}`,
      `${header}.${claims}.A`,
    ]) {
      expect((await ask(token)).status, token.slice(-60)).toBe(401);
    }
    const polluted = encodePart('{"__proto__":{"groups":["ops"]},"iss":"https://login.example.com","aud":"tulle"}');
    expect((await ask(`${header}.${polluted}.${signature}`)).status).toBe(401);
  });

  it('claims of another prototype grant nothing', async () => {
    await setUp({
      access: [{ claims: { constructor: 'x', '/toString/name': 'toString' }, role: 'admin', buses: ['*'] }],
    });
    expect((await ask(await issuer.sign({}))).status).toBe(403);
  });

  it('says nothing of what was sent', async () => {
    const token = await issuer.sign({ ...ops, iss: 'https://canary.example.com', sub: 'canary' });
    expect(await (await ask(token)).text()).not.toContain('canary');
  });
});

describe('Cloudflare Access', () => {
  const header = 'cf-access-jwt-assertion';
  beforeEach(async () => {
    issuer = await createIssuer({
      url: 'https://acme.cloudflareaccess.com',
      now: () => harness.now,
      algorithm: 'RS256',
    });
    harness.answer = ({ url }) =>
      url === 'https://acme.cloudflareaccess.com/cdn-cgi/access/certs'
        ? Response.json(issuer.jwks())
        : new Response(null, { status: 404 });
    const document = {
      cloudflareAccess: { team: 'acme' },
      audience: ['tulle'],
      access: [
        { claims: { email: 'alice@example.com' }, role: 'admin', buses: ['*'] },
        { claims: { common_name: 'ci.access' }, role: 'viewer', buses: ['orders'] },
      ],
    };
    expect((await harness.admin('PUT', '/v1/admin/identities/access', document)).status).toBe(201);
  });

  it('lets people and services in by the header that it adds, and by no other', async () => {
    const alice = await issuer.sign({ email: 'alice@example.com', type: 'app' });
    const service = await issuer.sign({ sub: '', common_name: 'ci.access', type: 'app' });
    expect((await ask('', '/v1/admin/connections', { headers: { [header]: alice } })).status).toBe(200);
    expect((await ask('', '/v1/buses/orders/deliveries', { headers: { [header]: service } })).status).toBe(200);
    expect((await ask('', '/v1/admin/connections', { headers: { [header]: service } })).status).toBe(403);
    expect((await ask(alice, '/v1/admin/connections')).status).toBe(401);
    expect((await ask('', '/v1/admin/connections', { headers: { [header]: 'nonsense' } })).status).toBe(401);
  });

  it('gives way to a key in the Authorization header', async () => {
    const alice = await issuer.sign({ email: 'alice@example.com' });
    expect((await ask('wrong', '/v1/admin/connections', { headers: { [header]: alice } })).status).toBe(401);
  });

  it("does not let a page of somebody else change anything with the visitor's cookie", async () => {
    const alice = await issuer.sign({ email: 'alice@example.com' });
    const send = async (headers: Record<string, string>): Promise<number> =>
      (await ask('', '/v1/buses/orders/replays/r/cancel', { method: 'POST', headers: { [header]: alice, ...headers } }))
        .status;
    expect(await send({})).toBe(404);
    expect(await send({ 'sec-fetch-site': 'same-origin', origin: 'https://mesh.test' })).toBe(404);
    expect(await send({ origin: 'https://mesh.test' })).toBe(404);
    for (const site of ['cross-site', 'same-site']) expect(await send({ 'sec-fetch-site': site })).toBe(403);
    for (const origin of ['https://evil.example.com', 'null', 'https://mesh.test.evil.example.com']) {
      expect(await send({ origin })).toBe(403);
    }
  });

  it('takes no token of another issuer in its header', async () => {
    issuer = await createIssuer({ now: () => harness.now });
    serve();
    await setUp();
    const token = await issuer.sign(ops);
    expect((await ask(token)).status).toBe(200);
    expect((await ask('', '/v1/buses/orders/deliveries', { headers: { [header]: token } })).status).toBe(401);
  });
});
