import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { routes } from '../../admin/openapi/document.ts';
import { adminKey, createEvent, createHarness, type Harness } from './harness.ts';

/** Everything secret that is put in, each with a word of its own. */
const masterKey = btoa('canary-of-the-master-key-0123456');
const secrets = {
  bearer: 'canary-bearer-7Jq2',
  password: 'canary-password-8Kr3',
  apiKey: 'canary-api-key-9Ls4',
  apiQuery: 'canary-api-query-0Mt5',
  clientSecret: 'canary-client-secret-1Nu6',
  accessToken: 'canary-access-token-2Ov7',
  hmac: 'canary-hmac-secret-3Pw8',
  named: 'canary-named-secret-4Qx9',
  signing: btoa('canary-signing-key-5Ry0-of-24-or-more'),
};

const connections: Readonly<Record<string, object>> = {
  bearer: { bearer: { token: secrets.bearer } },
  basic: { basic: { username: 'tulle', password: secrets.password } },
  header: { apiKey: { header: 'X-Api-Key', value: secrets.apiKey } },
  query: { apiKey: { query: 'key', value: secrets.apiQuery } },
  oauth: {
    oauth2: { tokenUrl: 'https://login.example.com/token', clientId: 'tulle', clientSecret: secrets.clientSecret },
  },
  posted: {
    oauth2: {
      tokenUrl: 'https://login.example.com/token',
      clientId: 'other',
      clientSecret: secrets.clientSecret,
      clientAuth: 'body',
    },
  },
  hmac: { hmac: { header: 'X-Signature', secret: secrets.hmac } },
};

const documents = createMemoryDocuments();
const snapshots = createMemorySnapshots();
const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
  vi.spyOn(console, name).mockImplementation(() => undefined),
);
/** Of keys that the API made, with the only answer that may show each. */
const made: string[] = [];
let harness: Harness;
/** What came out of the mesh, and whence. */
const seen: (readonly [string, string])[] = [];

async function ask(method: string, path: string, body?: unknown): Promise<string> {
  const answer = await harness.admin(method, path, body);
  const text = `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
  seen.push([`${method} ${path}`, text]);
  return text;
}

/** The key in the answer, out of which it is taken. */
function takeKey(): string {
  const [place, text] = seen.pop() ?? ['', ''];
  const [key = ''] = /tulle_default_[0-9a-f]{16}\.[A-Za-z0-9_-]{43}/.exec(text) ?? [];
  expect(key).not.toBe('');
  made.push(key);
  seen.push([place, text.replace(key, '')]);
  return key;
}

/** As it is, and as it travels in headers, addresses and bodies. */
function formsOf(secret: string): string[] {
  const [, ofKey = secret] = secret.split('.');
  const basic = btoa(`tulle:${secret}`).slice(10, -4);
  return [
    ofKey,
    btoa(secret).replace(/=+$/, ''),
    basic,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
  ];
}

beforeAll(async () => {
  harness = createHarness({
    documents,
    snapshots,
    masterKeys: { current: masterKey },
    secrets: { SIGNING: `whsec_${secrets.signing}` },
  });
  // A target that tells everything that it was sent, and so does the place where tokens come from when it fails.
  harness.answer = ({ url, headers, body }) => {
    if (url.startsWith('https://login.example.com/')) {
      return Response.json({ access_token: secrets.accessToken, token_type: 'Bearer', expires_in: 3_600 });
    }
    return new Response(`${url}\n${JSON.stringify([...headers])}\n${body}`, { status: 400 });
  };
  await ask('PUT', '/v1/admin/buses/default', { record: 'all' });
  await ask('PUT', '/v1/admin/secrets/pii', { value: secrets.named });
  await ask('PUT', '/v1/admin/secrets/hooks', { value: `whsec_${secrets.signing}` });
  for (const [name, connection] of Object.entries(connections)) {
    await ask('PUT', `/v1/admin/connections/${name}`, connection);
  }
  const target = { name: 'crm', retry: { maxAttempts: 2 } };
  const filter = { pattern: { source: ['/shop'] } };
  const url = 'https://crm.example.com/hook';
  for (const name of Object.keys(connections)) {
    await ask('PUT', `/v1/admin/buses/default/rules/${name}`, {
      filter,
      steps: [{ redact: { paths: ['data.phone'], with: { hash: { secret: 'pii' } } } }],
      targets: [{ ...target, http: { url, connection: name } }],
    });
  }
  await ask('PUT', '/v1/admin/buses/default/rules/signed', {
    filter,
    targets: [{ ...target, http: { url, signing: { secret: 'hooks' } } }],
  });
  await ask('POST', '/v1/admin/keys', { role: 'publisher', buses: ['*'] });
  const key = takeKey();
  await ask('POST', `/v1/admin/keys/${/_([0-9a-f]{16})\./.exec(key)?.[1]}/rotate`, {});
  takeKey();
  await harness.publish(createEvent('e1', { data: { phone: '+49 30 123' } }), { key });
  await harness.drain(harness.now + 86_400_000);
});

afterAll(() => {
  for (const spy of spies) spy.mockRestore();
});

describe('what is secret', () => {
  it('was used: every target got its credentials', () => {
    const sent = harness.received
      .map(({ url, headers, body }) => `${url} ${JSON.stringify([...headers])} ${body}`)
      .join('\n');
    for (const name of ['bearer', 'apiKey', 'apiQuery', 'accessToken', 'clientSecret'] as const) {
      expect(sent, name).toContain(secrets[name]);
    }
    expect(sent).toContain(btoa(`tulle:${secrets.password}`));
    expect(sent).toMatch(/x-signature/);
    expect(sent).toMatch(/webhook-signature/);
    expect(harness.received.length).toBeGreaterThanOrEqual(Object.keys(connections).length + 1);
  });

  it('is in no answer, log, report, document, snapshot or history', async () => {
    // Every address, as an admin is answered.
    for (const { path } of routes.filter(({ method, path }) => method === 'GET' && path !== '/healthz')) {
      const address = path
        .replace('{bus}', 'default')
        .replace('/events/{id}', '/events/e1')
        .replace('{rule}', 'bearer');
      const kinds: Readonly<Record<string, readonly string[]>> = {
        connection: Object.keys(connections),
        secret: ['pii', 'hooks'],
        change: Array.from({ length: 14 }, (_, index) => String(index + 1)),
        id: Array.from({ length: 20 }, (_, index) => `0-${index + 1}`),
      };
      const [, kind = ''] = /\{(\w+)\}/.exec(address) ?? [];
      for (const name of kinds[kind] ?? ['crm']) await ask('GET', address.replace(/\{\w+\}/g, name));
    }
    const letters = seen.filter(([place, text]) => place.includes('/dead-letters/') && text.startsWith('200')).length;
    expect(letters).toBeGreaterThanOrEqual(Object.keys(connections).length + 1);
    // What is wrong is told without what was sent.
    for (const [name, secret] of Object.entries(secrets)) {
      await ask('PUT', `/v1/admin/connections/wrong`, { bearer: { token: `${secret}\n` }, unknown: secret });
      await ask('PUT', `/v1/admin/connections/wrong`, { bearer: secret });
      await ask('PUT', `/v1/admin/secrets/${name.toLowerCase()}`, { value: `${secret}\u0000`, Value: secret });
      await ask('PUT', '/v1/admin/functions/wrong', { runs: { http: `https://${secret}:${secret}@crm.example.com/` } });
      await ask('POST', '/v1/admin/changes', { edits: [{ put: { kind: 'secret', name: 'x', value: [secret] } }] });
      await ask('POST', '/v1/admin/changes', {
        dryRun: true,
        edits: [{ put: { kind: 'connection', name: 'dry', bearer: { token: secret.replaceAll('=', '') } } }],
      });
    }
    for (const key of [...made, adminKey]) {
      const answer = await harness.mesh.fetch(
        new Request(`https://mesh.test/v1/events?access_token=${key}x`, { method: 'POST', headers: { 'x-echo': key } }),
      );
      seen.push(['a wrong key', await answer.text()]);
    }
    const stored = (await documents.list('', { limit: 100_000 })).items;
    expect(stored.some(({ key }) => key.startsWith('connection/'))).toBe(true);
    for (const { key, value } of stored) seen.push([key, JSON.stringify(value)]);
    seen.push(['the snapshot', JSON.stringify(await snapshots.get('default', 'default'))]);
    for (const error of harness.reported) seen.push(['a report', `${String(error)} ${JSON.stringify(error)}`]);
    for (const { mock } of spies) for (const call of mock.calls) seen.push(['the console', JSON.stringify(call)]);

    const hidden = [...Object.values(secrets), ...made, adminKey, masterKey, atob(masterKey), atob(secrets.signing)];
    const found = seen.flatMap(([place, text]) =>
      hidden.flatMap((secret) =>
        formsOf(secret)
          .filter((form) => text.includes(form))
          .map((form) => `${form} in ${place}`),
      ),
    );
    expect([...new Set(found)]).toEqual([]);
    expect(seen.length).toBeGreaterThan(150);
  });
});
