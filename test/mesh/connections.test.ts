import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createCredentials } from '../../mesh/connections/credentials.ts';
import { createVault } from '../../mesh/connections/vault.ts';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

const masterKeys = { current: btoa('a'.repeat(32)) };
const url = 'https://crm.example.com/hook';
const markers = ['Marker-of-the-token-1', 'Marker-of-the-client-2', 'Marker-of-the-secret-3'];
const client = { tokenUrl: 'https://login.example.com/token', clientId: 'tulle', clientSecret: markers[1] };

async function put(harness: Harness, path: string, body: object): Promise<Response> {
  const response = await harness.admin('PUT', `/v1/admin/${path}`, body);
  if (!response.ok) throw new Error(await response.text());
  return response;
}

async function withConnection(harness: Harness, connection: object, target: object = {}): Promise<void> {
  await put(harness, 'connections/crm', connection);
  await withRule(harness, { targets: [{ name: 'crm', http: { url, connection: 'crm' }, ...target }] });
}

/** The token endpoint beside a target. */
function answering(target: Harness['answer']): Harness['answer'] {
  return (request) =>
    request.url.startsWith('https://login.') ? Response.json({ access_token: markers[0] }) : target(request);
}

describe('a delivery through a connection', () => {
  it('has the credentials, and those of the next version as soon as they are published', async () => {
    const harness = createHarness({ masterKeys });
    await withConnection(harness, { bearer: { token: 'the-first' } });
    await harness.publish(createEvent());
    await harness.drain();
    await put(harness, 'connections/crm', { bearer: { token: 'the-second' } });
    await harness.publish(createEvent('e2'));
    await harness.drain();
    expect(harness.received.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer the-first',
      'Bearer the-second',
    ]);
  });

  it('waits for a token endpoint that fails, and says so in the history', async () => {
    const harness = createHarness({ masterKeys });
    await withConnection(harness, { oauth2: client });
    harness.answer = () => Response.json({ error: 'invalid_client' }, { status: 401 });
    await harness.publish(createEvent());
    await harness.drain();
    const reason = 'the connection crm: the token endpoint answered 401 (invalid_client)';
    expect(await harness.deliveries()).toMatchObject([{ status: 'retrying', failure: 'network', reason }]);
    harness.answer = answering(() => new Response(null, { status: 204 }));
    await harness.drain(harness.now + 60_000);
    expect(await harness.deliveries('status=delivered')).toHaveLength(1);
  });

  it('is a retry after a 401 that a new token does not mend, also where the preset has none', async () => {
    for (const [preset, status] of [
      ['default', 'retrying'],
      ['knative', 'dead-lettered'],
    ]) {
      const harness = createHarness({ masterKeys });
      await withConnection(harness, { oauth2: client }, { retry: { preset } });
      harness.answer = answering(() => new Response(null, { status: 401 }));
      await harness.publish(createEvent());
      await harness.drain();
      expect(await harness.deliveries()).toMatchObject([{ status, code: 401 }]);
      expect(harness.received.map((request) => new URL(request.url).hostname)).toEqual([
        'login.example.com',
        'crm.example.com',
        'login.example.com',
        'crm.example.com',
      ]);
    }
  });

  it('waits while the master key is another one, and goes out when it is back', async () => {
    const [documents, snapshots] = [createMemoryDocuments(), createMemorySnapshots()];
    await withConnection(createHarness({ masterKeys, documents, snapshots }), { bearer: { token: 'the-first' } });
    const current = btoa('b'.repeat(32));
    const wrong = createHarness({ masterKeys: { current }, documents, snapshots });
    await wrong.publish(createEvent());
    await wrong.drain();
    const reason = expect.stringContaining('a master key that is not here') as string;
    expect(await wrong.deliveries()).toMatchObject([{ status: 'retrying', reason }]);
    expect(wrong.received).toEqual([]);

    const rotated = createHarness({ masterKeys: { current, previous: masterKeys.current }, documents, snapshots });
    await rotated.mesh.tick();
    const sealed = (await snapshots.get('default', 'default'))?.connections?.[0]?.sealed ?? '';
    expect(await createVault({ current }).isCurrent(sealed)).toBe(true);
    const alone = createHarness({ masterKeys: { current }, documents, snapshots });
    await alone.publish(createEvent());
    await alone.drain();
    expect(alone.received[0]?.headers.get('authorization')).toBe('Bearer the-first');
  });

  it('gives a function behind a URL its credentials, renewed once', async () => {
    const harness = createHarness({ masterKeys });
    await put(harness, 'connections/fn', { oauth2: client });
    await put(harness, 'functions/far', { runs: { http: 'https://fn.example.com/', connection: 'fn' } });
    await withRule(harness, { steps: [{ compute: 'far' }] });
    let calls = 0;
    harness.answer = answering(({ url: called }) => {
      if (!called.startsWith('https://fn.')) return new Response(null, { status: 204 });
      calls += 1;
      if (calls === 1) return new Response('no', { status: 401 });
      return Response.json(createEvent('made'), { headers: { 'content-type': 'application/cloudevents+json' } });
    });
    await harness.publish(createEvent());
    await harness.drain();
    expect(harness.received.map((request) => new URL(request.url).hostname)).toEqual([
      'login.example.com',
      'fn.example.com',
      'login.example.com',
      'fn.example.com',
      'crm.example.com',
    ]);
    expect(harness.received[3]?.headers.get('authorization')).toBe(`Bearer ${markers[0]}`);
    expect(harness.received[4]?.headers.get('ce-id')).toBe('made');
    expect(harness.received[4]?.headers.has('authorization')).toBe(false);
  });
});

describe('a secret of the tenant', () => {
  const own = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
  const platform = `whsec_${btoa('fedcba9876543210fedcba9876543210')}`;
  const signing = { targets: [{ name: 'crm', http: { url, signing: { secret: 'crm' } } }] };

  it('signs before one of the installation of that name; without it, that does', async () => {
    const harness = createHarness({ masterKeys, secrets: { crm: platform } });
    await withRule(harness, signing);
    await harness.publish(createEvent());
    await harness.drain();
    await put(harness, 'secrets/crm', { value: own });
    await harness.publish(createEvent('e2'));
    await harness.drain();
    for (const [index, secret] of [platform, own].entries()) {
      const { headers, body } = harness.received[index] ?? { headers: new Headers(), body: '' };
      const expected = new Webhook(secret).sign(headers.get('webhook-id') ?? '', new Date(harness.now), body);
      expect(headers.get('webhook-signature')).toBe(expected);
    }
  });

  it('is all that another tenant has', async () => {
    const credentials = createCredentials({
      vault: createVault(masterKeys),
      secrets: { get: async (name) => (name === 'crm' ? platform : undefined) },
      policy: { allowPrivateTargets: false },
      runtime: { now: () => 0, fetch: () => Promise.reject(new Error('nobody')), pause: async () => undefined },
    });
    expect(await credentials.secretsOf({ tenant: 'acme' }).get('crm')).toBeUndefined();
    expect(await credentials.secretsOf({ tenant: 'default' }).get('crm')).toBe(platform);
    const place = { tenant: 'acme', kind: 'secret', name: 'crm' } as const;
    const secrets = [{ name: 'crm', sealed: await createVault(masterKeys).seal(own, place) }];
    expect(await credentials.secretsOf({ tenant: 'acme', secrets }).get('crm')).toBe(own);
    // Moved to another tenant, it opens for nobody.
    await expect(credentials.secretsOf({ tenant: 'default', secrets }).get('crm')).rejects.toMatchObject({
      code: 'credential_unavailable',
    });
  });

  it('holds a step up where it cannot be decrypted, whatever the step does on errors', async () => {
    const [documents, snapshots] = [createMemoryDocuments(), createMemorySnapshots()];
    const first = createHarness({ masterKeys, documents, snapshots });
    await put(first, 'secrets/pii', { value: 'a secret of sixteen bytes' });
    const hash = { redact: { paths: ['data.amount'], with: { hash: { secret: 'pii' } } } };
    await withRule(first, { steps: [{ ...hash, onError: 'skip' }] });
    const wrong = createHarness({ masterKeys: { current: btoa('b'.repeat(32)) }, documents, snapshots });
    await wrong.publish(createEvent());
    await wrong.drain();
    expect(await wrong.deliveries()).toMatchObject([{ status: 'retrying' }]);
    expect(wrong.received).toEqual([]);
  });
});

it('no answer, document, snapshot, history or report holds a secret, however a target echoes', async () => {
  const [documents, snapshots] = [createMemoryDocuments(), createMemorySnapshots()];
  const harness = createHarness({ masterKeys, documents, snapshots });
  const answers: string[] = [];
  const admin = async (method: string, path: string, body?: unknown): Promise<void> => {
    const response = await harness.admin(method, `/v1/admin/${path}`, body);
    answers.push(JSON.stringify([response.status, Object.fromEntries(response.headers), await response.text()]));
  };
  const schemes: [string, object][] = [
    ['bearer', { bearer: { token: markers[0] } }],
    ['basic', { basic: { username: 'u', password: markers[2] } }],
    ['query', { apiKey: { query: 'key', value: markers[0] } }],
    ['oauth', { oauth2: client }],
    ['hmac', { hmac: { header: 'x-sig', secret: markers[2], overlap: '2h' } }],
  ];
  await admin('PUT', 'secrets/crm', { value: `whsec_${markers[2]}` });
  for (const [name, body] of schemes) {
    await admin('PUT', `connections/${name}`, body);
    await admin('PUT', `connections/${name}`, { ...body, shrads: markers[0] });
    await admin('PUT', `connections/${name}`, JSON.parse(JSON.stringify(body).replaceAll('Marker', 'Marker\\n')));
    await admin('GET', `connections/${name}`);
  }
  await withRule(harness, { targets: schemes.map(([name]) => ({ name, http: { url, connection: name } })) });
  await withRule(harness, { targets: [{ name: 'crm', http: { url, signing: { secret: 'crm' } } }] }, 'signed');
  for (const status of [401, 422, 500]) {
    harness.answer = answering(({ url: called, headers, body }) => {
      // All that it was sent, the password in clear too.
      const [scheme, pair = ''] = headers.get('authorization')?.split(' ') ?? [];
      const password = scheme === 'Basic' ? atob(pair) : '';
      const echo = `${called} ${password} ${JSON.stringify(Object.fromEntries(headers))} ${body}`;
      return new Response(echo, { status });
    });
    await harness.publish(createEvent(`e${status}`));
    await harness.drain(harness.now + 60_000);
  }
  // The token endpoint, which was sent the client's secret.
  harness.answer = ({ headers, body }) =>
    Response.json({ error: body, error_description: headers.get('authorization') }, { status: 400 });
  await put(harness, 'connections/oauth', { oauth2: { ...client, clientAuth: 'body' } });
  await harness.publish(createEvent('last'));
  await harness.drain();
  for (const path of ['connections', 'secrets', 'buses/default/rules', 'status']) await admin('GET', path);
  for (const [name] of schemes) await admin('DELETE', `connections/${name}`);

  const history = await harness.deliveries();
  expect(history.length).toBeGreaterThan(20);
  const stored = (await documents.list('', { limit: 1_000 })).items;
  const reports = harness.reported.map((error) => (error instanceof Error ? `${error.message} ${error.stack}` : error));
  const snapshot = await snapshots.get('default', 'default');
  expect(snapshot?.connections).toHaveLength(5);
  const seen = JSON.stringify([answers, history, stored, snapshot, reports]);
  for (const marker of markers) {
    for (const form of [marker, btoa(`u:${marker}`), btoa(marker)]) expect(seen).not.toContain(form);
  }
});
