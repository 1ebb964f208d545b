import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCertificates } from '../../../adapters/cloudflare/certificates.ts';

const adminKey = 'admin-key-of-the-test-suite';

/** What left the Worker; outbound requests end here. */
let received: { url: string; authorization: string | null }[];
let refused: string | undefined;

beforeEach(() => {
  received = [];
  refused = undefined;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { url, headers } = new Request(input, init);
    const authorization = headers.get('authorization');
    received.push({ url, authorization });
    if (!url.startsWith('https://login.')) return new Response(null, { status: authorization === refused ? 401 : 204 });
    const number = tokenRequests();
    // Slow, so that others ask meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return Response.json({ access_token: `token-${number}`, token_type: 'bearer', expires_in: 3_600 });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('connections on Workers', () => {
  it('share one token among all dispatches, and renew it once', async () => {
    const client = { tokenUrl: 'https://login.example.com/', clientId: 'tulle', clientSecret: 'of-the-client' };
    await put('connections/crm', { oauth2: client });
    await put('buses/tokens', {});
    await put('buses/tokens/rules/all', {
      filter: { pattern: { source: ['/shop'] } },
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', connection: 'crm' } }],
    });
    await Promise.all(Array.from({ length: 50 }, (_, index) => publish(`a${index}`)));
    await vi.waitFor(() => expect(received).toHaveLength(51), 10_000);
    expect(tokenRequests()).toBe(1);
    refused = 'Bearer token-1';
    await publish('b');
    await vi.waitFor(() => expect(received.at(-1)?.authorization).toBe('Bearer token-2'), 10_000);
    expect(tokenRequests()).toBe(2);

    const documents = await env.DOCUMENTS.prepare('SELECT * FROM documents').all();
    expect(JSON.stringify(documents.results)).not.toContain('of-the-client');
    const { keys } = await env.SNAPSHOTS.list();
    const snapshots = await Promise.all(keys.map(({ name }) => env.SNAPSHOTS.get(name)));
    expect(snapshots.join()).toContain('"clientId":"tulle"');
    expect(snapshots.join()).not.toContain('of-the-client');
  }, 30_000);

  it('use certificates by bindings with the prefix, and nothing else', () => {
    const certificate = { fetch: async () => new Response() };
    const find = createCertificates({ MTLS_CRM: certificate, FUNCTION_CRM: certificate, MTLS_TEXT: 'text' });
    expect(find('MTLS_CRM')).toBe(certificate);
    for (const name of ['FUNCTION_CRM', 'MTLS_TEXT', 'MTLS_ERP', 'constructor', '']) expect(find(name)).toBeUndefined();
  });
});

function tokenRequests(): number {
  return received.filter(({ url }) => url.startsWith('https://login.')).length;
}

async function put(path: string, body: object): Promise<void> {
  const response = await exports.default.fetch(`https://mesh.test/v1/admin/${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok, await response.text()).toBe(true);
}

async function publish(id: string): Promise<void> {
  const response = await exports.default.fetch('https://mesh.test/v1/buses/tokens/events', {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'order.created' }),
  });
  expect(response.status).toBe(202);
  await response.arrayBuffer();
}
