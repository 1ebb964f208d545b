import { exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIssuer, type Issuer, type TestAlgorithm } from '../../mesh/identity/issuer.ts';

const adminKey = 'admin-key-of-the-test-suite';

let issuer: Issuer;
/** What the issuer was asked for. */
let asked: number;

beforeEach(async () => {
  asked = 0;
  // A new address, so that nothing is remembered from the test before.
  const url = `https://login-${crypto.randomUUID()}.example.com`;
  issuer = await createIssuer({ url, now: () => Date.now(), algorithm: 'RS256' });
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    if (request.url !== `${issuer.url}/keys`) return new Response(null, { status: 404 });
    asked += 1;
    // Slow, so that others ask meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return Response.json(issuer.jwks());
  });
  await call(adminKey, 'PUT', 'admin/buses/orders', {});
  const put = await call(adminKey, 'PUT', 'admin/identities/login', {
    issuer: issuer.url,
    audience: ['tulle'],
    jwks: `${issuer.url}/keys`,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    access: [{ claims: { groups: 'ops' }, role: 'admin', buses: ['*'] }],
  });
  expect(put.ok, await put.text()).toBe(true);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('tokens on Workers', () => {
  it.each<TestAlgorithm>(['RS256', 'ES256', 'EdDSA'])(
    'signed by %s are let in, and forged ones are not',
    async (name) => {
      await issuer.rotate(name);
      const token = await issuer.sign({ groups: ['ops'] });
      expect((await call(token, 'GET', 'admin/buses/orders')).status).toBe(200);
      expect((await publish(token)).status).toBe(202);
      const [header = '', , signature = ''] = token.split('.');
      const [, claims = ''] = (await issuer.sign({ groups: ['ops'], sub: 'mallory' })).split('.');
      expect((await call(`${header}.${claims}.${signature}`, 'GET', 'admin/buses/orders')).status).toBe(401);
      expect((await call(await issuer.sign({}), 'GET', 'admin/buses/orders')).status).toBe(403);
    },
  );

  it('share one reading of the keys among all requests', async () => {
    const token = await issuer.sign({ groups: ['ops'] });
    const answers = await Promise.all(Array.from({ length: 20 }, () => publish(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(asked).toBe(1);
  });
});

async function call(key: string, method: string, path: string, body?: object): Promise<Response> {
  return exports.default.fetch(`https://mesh.test/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function publish(key: string): Promise<Response> {
  const response = await exports.default.fetch('https://mesh.test/v1/buses/orders/events', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id: crypto.randomUUID(), source: '/shop', type: 'order.created' }),
  });
  await response.arrayBuffer();
  return response;
}
