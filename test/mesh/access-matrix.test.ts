import { beforeAll, describe, expect, it } from 'vitest';
import { createAdminApi } from '../../admin/api.ts';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { formatToken } from '../../mesh/authentication.ts';
import { createMeshApp } from '../../mesh/app.ts';
import { isAllowed, type Role, roleNames } from '../../mesh/roles.ts';
import type { Route } from '../../mesh/route.ts';
import { adminKey, createEvent, createHarness, type Harness } from './harness.ts';
import { routes } from '../../admin/openapi/document.ts';

/** In every text that belongs to the tenant `default`, to its bus `orders`, and in the data of its event. */
const canaries = { tenant: 'canary-of-the-tenant', bus: 'canary-of-the-bus', data: 'canary-of-the-data' };

interface Holder {
  readonly who: string;
  readonly tenant: 'default' | 'acme';
  readonly role: Role;
  /** What the key is for. */
  readonly buses: readonly string[];
  readonly key: string;
}

const documents = createMemoryDocuments();
let harness: Harness;
const holders: Holder[] = [];

/** What a request for a route is, for the bus `orders`. */
function requestFor({ method, path }: Route, key: string | undefined): Request {
  const parts: Readonly<Record<string, string>> = {
    bus: 'orders',
    tenant: 'acme',
    version: '1',
    change: '1',
    id: '0-1',
  };
  const address = path
    .replace('/keys/{id}', '/keys/0123456789abcdef')
    .replace('/events/{id}', '/events/e1')
    .replaceAll(/\{(\w+)\}/g, (_, part: string) => parts[part] ?? 'crm');
  const publishes = method === 'POST' && (path.endsWith('/events') || path.includes('/functions/'));
  const body = publishes
    ? createEvent('e2')
    : path === '/v1/admin/changes'
      ? { dryRun: true, edits: [{ put: { kind: 'bus', name: 'orders', description: 'taken over' } }] }
      : path.endsWith('rules:test')
        ? { last: 3 }
        : {};
  return new Request(`https://mesh.test${address}`, {
    method,
    headers: {
      'content-type': publishes ? 'application/cloudevents+json' : 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(method === 'PUT' || method === 'POST' ? { body: JSON.stringify(body) } : {}),
  });
}

/** `/v1/events` and `/v1/functions` are for the bus `default`. */
function busOf({ path }: Route): string {
  return path.includes('{bus}') || path === '/v1/admin/changes' ? 'orders' : 'default';
}

function isFor(route: Route, buses: readonly string[]): boolean {
  // No key that is stored is the operator's own.
  if (route.scope === 'installation') return false;
  if (buses.includes('*')) return true;
  if (route.path === '/v1/admin/changes' && route.method === 'POST') return buses.includes('orders');
  return { bus: buses.includes(busOf(route)), tenant: false, installation: false, visible: true }[route.scope];
}

function may(route: Route, { role, buses }: Holder): boolean {
  return route.permission === 'none' || (isAllowed(role, route.permission) && isFor(route, buses));
}

async function everything(): Promise<string> {
  const { items } = await documents.list('', { limit: 1_000_000 });
  return JSON.stringify(items.filter(({ key }) => key.includes('/default')));
}

async function keyFor(role: Role, buses: readonly string[], by = adminKey, more: object = {}): Promise<string> {
  const answer = await harness.mesh.fetch(
    new Request('https://mesh.test/v1/admin/keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${by}`, 'content-type': 'application/json' },
      body: JSON.stringify({ role, buses, ...more }),
    }),
  );
  return ((await answer.json()) as { key: string }).key;
}

async function put(path: string, body: object): Promise<void> {
  const answer = await harness.admin('PUT', `/v1/admin${path}`, body);
  if (!answer.ok) throw new Error(`${path} ${await answer.text()}`);
}

/** A tenant `acme`, with a bus `orders` of its own; answers the key of its admin. */
async function createAcme(): Promise<string> {
  expect((await harness.admin('PUT', '/v1/admin/tenants/acme', {})).status).toBe(201);
  const made = await harness.admin('POST', '/v1/admin/tenants/acme/keys', { role: 'admin', buses: ['*'] });
  const { key } = (await made.json()) as { key: string };
  for (const bus of ['default', 'orders']) {
    const answer = await harness.mesh.fetch(
      new Request(`https://mesh.test/v1/admin/buses/${bus}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: '{}',
      }),
    );
    expect(answer.status).toBe(201);
  }
  return key;
}

beforeAll(async () => {
  harness = createHarness({ documents, masterKeys: { current: btoa('master-key-of-the-test-suite-032') } });
  harness.answer = () => new Response(null, { status: 400 });
  const { tenant, bus, data } = canaries;
  const filter = { pattern: { source: ['/shop'] } };
  const targets = [{ name: 'crm', http: { url: 'https://crm.example.com/hook' }, retry: { maxAttempts: 1 } }];
  for (const name of ['default', 'other']) await put(`/buses/${name}`, { description: tenant });
  await put('/buses/orders', { description: `${tenant} ${bus}`, record: 'all' });
  await put('/buses/orders/rules/crm', { description: `${tenant} ${bus}`, filter, targets });
  await put('/buses/orders/archives/crm', { description: `${tenant} ${bus}`, filter });
  await put('/connections/crm', { description: tenant, bearer: { token: 'token-of-the-connection' } });
  await put('/secrets/crm', { description: tenant, value: 'value-of-the-secret' });
  await put('/identities/crm', {
    description: tenant,
    issuer: 'https://login.example.com',
    audience: ['crm'],
    access: [{ claims: { groups: 'crm' }, role: 'viewer', buses: ['*'] }],
  });
  await put('/functions/crm', { description: tenant, runs: { http: 'https://functions.example.com/' } });
  await put('/schemas/crm', { description: tenant, type: 'order.created' });
  await put('/schemas/crm/versions/1', { description: tenant });
  await keyFor('viewer', ['*'], adminKey, { description: tenant });
  await harness.publish(createEvent('e1', { subject: bus, data: { text: data } }), { bus: 'orders' });
  await harness.drain();
  await harness.admin('PUT', '/v1/buses/orders/replays/crm', { archive: 'crm', from: 0 });

  const acme = await createAcme();
  for (const role of roleNames) {
    const wanted = [
      { who: 'a key of the bus', tenant: 'default', buses: ['orders', 'default'] },
      { who: 'a key of another bus', tenant: 'default', buses: ['other'] },
      { who: 'a key of every bus', tenant: 'default', buses: ['*'] },
      { who: 'a key of another tenant', tenant: 'acme', buses: ['*'] },
    ] as const;
    for (const holder of wanted) {
      const key = await keyFor(role, holder.buses, holder.tenant === 'acme' ? acme : adminKey);
      holders.push({ ...holder, role, key });
    }
  }
});

describe('every route, by every key', () => {
  it('is in the table, and the table has nothing else', () => {
    const known = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
    const { runtime } = { runtime: { now: () => 0 } } as Parameters<typeof createAdminApi>[0];
    const apps = [
      createAdminApi({ runtime } as Parameters<typeof createAdminApi>[0]),
      createMeshApp({ runtime } as Parameters<typeof createMeshApp>[0]),
    ];
    const mounted = apps.flatMap((app) => app.routes.map(({ method, path }) => ({ method, path })));
    const answering = mounted.filter(({ method }) => method !== 'ALL');
    expect(new Set(answering.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set(known));
    expect(new Set(known).size).toBe(known.length);
    // For every other method there are only the two that refuse, and the door in front of the admin API.
    const paths = new Set(known.map((route) => route.slice(route.indexOf(' ') + 1)));
    const others = mounted.filter(({ method, path }) => method === 'ALL' && !paths.has(path));
    expect(new Set(others.map(({ path }) => path))).toEqual(new Set(['/v1/admin/*']));
  });

  it('is open to nobody without a key, but for those that are meant to be', async () => {
    const open = routes
      .filter(({ permission }) => permission === 'none')
      .map(({ method, path }) => `${method} ${path}`);
    expect(open).toEqual(['OPTIONS /v1/events', 'OPTIONS /v1/buses/{bus}/events', 'GET /healthz']);
    const expired = await keyFor('admin', ['*'], adminKey, { expires: new Date(harness.now + 1_000).toISOString() });
    const revoked = await keyFor('admin', ['*']);
    const id = /_([0-9a-f]{16})\./.exec(revoked)?.[1];
    expect((await harness.admin('DELETE', `/v1/admin/keys/${id}`)).status).toBe(204);
    harness.now += 2_000;
    const forged = formatToken('default', '00000000000000ac', 'A'.repeat(43));
    for (const key of [undefined, 'wrong', forged, expired, revoked]) {
      for (const route of routes.filter(({ permission }) => permission !== 'none')) {
        const answer = await harness.mesh.fetch(requestFor(route, key));
        expect(answer.status, `${route.method} ${route.path} by ${key}`).toBe(401);
        await expectNo(answer, Object.values(canaries));
      }
    }
  });

  it('refuses every key whose role or buses do not cover it, and then nothing has changed', async () => {
    const before = await everything();
    const sent = harness.received.length;
    let refused = 0;
    for (const holder of holders.filter(({ tenant }) => tenant === 'default')) {
      for (const route of routes.filter((candidate) => !may(candidate, holder))) {
        const answer = await harness.mesh.fetch(requestFor(route, holder.key));
        const what = `${route.method} ${route.path} by ${holder.who}, ${holder.role}`;
        expect([answer.status, await codeOf(answer)], what).toEqual([403, 'permission_denied']);
        refused += 1;
      }
    }
    await harness.drain();
    expect(await everything()).toBe(before);
    expect(harness.received).toHaveLength(sent);
    expect(refused).toBeGreaterThan(400);
  });

  it('tells a key of another bus nothing of this one, and only an admin sees data', async () => {
    for (const holder of holders.filter(({ tenant }) => tenant === 'default')) {
      const hidden = [
        ...(holder.buses.includes('other') ? [canaries.bus] : []),
        ...(isAllowed(holder.role, 'disclose') ? [] : [canaries.data]),
      ];
      for (const route of routes.filter(({ method, path }) => method === 'GET' || path.endsWith('rules:test'))) {
        const answer = await harness.mesh.fetch(requestFor(route, holder.key));
        await expectNo(answer, hidden, `${route.path} by ${holder.who}, ${holder.role}`);
      }
    }
    const shown = await harness.admin('GET', '/v1/buses/orders/dead-letters/0-1');
    expect(await shown.text()).toContain(canaries.data);
  });

  it('tells a key of another tenant nothing, and changes nothing for it', async () => {
    const before = await everything();
    const letters = await (await harness.admin('GET', '/v1/buses/orders/dead-letters')).text();
    for (const holder of holders.filter(({ tenant }) => tenant === 'acme')) {
      for (const route of routes) {
        const answer = await harness.mesh.fetch(requestFor(route, holder.key));
        const what = `${route.method} ${route.path} by ${holder.who}, ${holder.role}`;
        expect(answer.status, what).toBeLessThan(500);
        if (!may(route, holder)) expect(answer.status, what).toBe(403);
        await expectNo(answer, Object.values(canaries), what);
      }
    }
    await harness.drain();
    expect(await everything()).toBe(before);
    expect(await (await harness.admin('GET', '/v1/buses/orders/dead-letters')).text()).toBe(letters);
    expect(await (await harness.admin('GET', '/v1/buses/orders/replays/crm')).text()).toContain('"archive":"crm"');
  });

  it('keeps tenants to the operator, who has no other way into them', async () => {
    const first = await harness.admin('PUT', '/v1/admin/tenants/acme', { description: 'the second' });
    expect([first.status, await first.json()]).toEqual([
      200,
      { kind: 'tenant', name: 'acme', description: 'the second' },
    ]);
    const listed = await harness.admin('GET', '/v1/admin/tenants');
    expect(await listed.json()).toMatchObject({ items: [{ document: { name: 'acme' } }] });
    for (const [path, status] of [
      ['/v1/admin/tenants/default', 400],
      ['/v1/admin/tenants/nobody', 404],
      ['/v1/admin/tenants/No', 400],
      ['/v1/admin/tenants/nobody/keys', 405],
    ] as const) {
      expect((await harness.admin('GET', path)).status, path).toBe(status);
    }
    const key = { role: 'admin', buses: ['*'] };
    expect((await harness.admin('POST', '/v1/admin/tenants/nobody/keys', key)).status).toBe(404);
    expect((await harness.admin('POST', '/v1/admin/tenants/default/keys', key)).status).toBe(400);
    expect(await (await harness.admin('GET', '/v1/admin/buses')).text()).not.toContain('acme');
  });

  it('lets in every key whose role and buses cover it', async () => {
    for (const holder of holders.filter(({ tenant }) => tenant === 'default')) {
      for (const route of routes.filter((candidate) => may(candidate, holder))) {
        const answer = await harness.mesh.fetch(requestFor(route, holder.key));
        const what = `${route.method} ${route.path} by ${holder.who}, ${holder.role}`;
        expect([401, 403, 405, 500], what).not.toContain(answer.status);
        await answer.body?.cancel();
      }
    }
  });
});

async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { code: unknown }).code;
}

async function expectNo(answer: Response, hidden: readonly string[], what?: string): Promise<void> {
  const text = await answer.text();
  for (const canary of hidden) expect(text, what).not.toContain(canary);
}
