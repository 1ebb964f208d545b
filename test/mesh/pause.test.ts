import { describe, expect, it } from 'vitest';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

const http = { url: 'https://crm.example.com/hook' };
const target = '/v1/admin/buses/default/rules/all/targets/crm';

describe('a target that an operator pauses', () => {
  it('is sent nothing until it is resumed; what waits stays in order, and nothing is lost', async () => {
    const harness = createHarness();
    await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
    const operator = await keyFor(harness, 'operator');
    await publish(harness, 'a1');
    await harness.drain();
    const response = await call(harness, operator, `${target}/pause`);
    expect([response.status, await response.json()]).toEqual([200, { rule: 'all', target: 'crm', paused: true }]);
    for (const id of ['a2', 'a3', 'a4']) await publish(harness, id);
    await harness.drain(harness.now + 600_000);
    expect(sent(harness)).toEqual(['a1']);
    const status = (await (await harness.admin('GET', '/v1/buses/default/targets')).json()) as { targets: unknown[] };
    expect(status.targets).toMatchObject([{ rule: 'all', target: 'crm', paused: true, waiting: 3 }]);
    await call(harness, operator, `${target}/resume`);
    await publish(harness, 'a5');
    await harness.drain(harness.now + 60_000);
    expect(sent(harness)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
  });

  it('without a lane of its own keeps what comes meanwhile as well', async () => {
    const harness = createHarness();
    await withRule(harness);
    const operator = await keyFor(harness, 'operator');
    // Planned before, handed out after.
    await publish(harness, 'e1');
    await call(harness, operator, `${target}/pause`);
    await publish(harness, 'e2');
    await harness.drain(harness.now + 60_000);
    expect(sent(harness)).toEqual([]);
    await call(harness, operator, `${target}/resume`);
    await harness.drain(harness.now + 60_000);
    expect(sent(harness).toSorted()).toEqual(['e1', 'e2']);
  });

  it('gets nothing that was too old when it was resumed', async () => {
    const harness = createHarness();
    await withRule(harness, { targets: [{ name: 'crm', http, retry: { maxAge: '1h' } }] });
    await call(harness, await keyFor(harness, 'operator'), `${target}/pause`);
    await publish(harness, 'old');
    await harness.drain(harness.now + 7_200_000);
    await call(harness, await keyFor(harness, 'operator'), `${target}/resume`);
    await publish(harness, 'new');
    await harness.drain(harness.now + 60_000);
    expect(sent(harness)).toEqual(['new']);
    expect(await harness.deliveries('status=dead-lettered')).toMatchObject([{ eventId: 'old' }]);
  });

  it('is paused by operators and admins only, and has to be there', async () => {
    const harness = createHarness();
    await withRule(harness);
    const status = async (role: string, path: string): Promise<number> =>
      (await call(harness, await keyFor(harness, role), path)).status;
    expect(await status('viewer', `${target}/pause`)).toBe(403);
    expect(await status('publisher', `${target}/pause`)).toBe(403);
    expect(await status('admin', `${target}/pause`)).toBe(200);
    expect(await status('operator', `${target}x/pause`)).toBe(404);
    expect(await status('operator', '/v1/admin/buses/default/rules/other/targets/crm/pause')).toBe(404);
    expect(await status('operator', '/v1/admin/buses/other/rules/all/targets/crm/pause')).toBe(404);
  });
});

describe('what operators do', () => {
  it('is in the chain of changes, by whom and to what, and cannot be altered unseen', async () => {
    const harness = createHarness();
    await withRule(harness, { targets: [{ name: 'crm', http, retry: { maxAttempts: 1 } }] });
    await harness.admin('PUT', '/v1/admin/buses/default/archives/all', { filter: { pattern: { source: ['/shop'] } } });
    harness.answer = () => new Response(null, { status: 500 });
    await publish(harness, 'e1');
    await publish(harness, 'e2');
    await harness.drain(harness.now + 60_000);
    const operator = await keyFor(harness, 'operator');
    const before = (await list(harness)).length;
    await call(harness, operator, `${target}/pause`, { 'change-reason': 'the CRM is being moved' });
    await call(harness, operator, `${target}/pause`);
    await call(harness, operator, '/v1/buses/default/dead-letters:redrive?limit=1');
    await call(harness, operator, '/v1/buses/default/dead-letters:purge');
    const order = JSON.stringify({ archive: 'all', from: 0, perSecond: 5 });
    const path = '/v1/buses/default/replays/again';
    await send(harness, operator, 'PUT', path, {}, order);
    await send(harness, operator, 'PUT', path, {}, order);
    await call(harness, operator, `${path}/cancel`);
    await send(harness, operator, 'DELETE', path);
    await call(harness, operator, `${path}/cancel`);
    const changes = (await list(harness)).slice(0, -before).toReversed();
    expect(changes.map(({ operation }) => operation?.action)).toEqual([
      'pause target',
      'pause target',
      'redrive',
      'purge',
      'start replay',
      'cancel replay',
      'delete replay',
    ]);
    const [paused, again, redriven, , started] = changes;
    expect(operator).toContain(paused?.by);
    expect(paused).toMatchObject({
      by: expect.stringMatching(/^[0-9a-f]{16}$/),
      why: 'the CRM is being moved',
      operation: { bus: 'default', details: { rule: 'all', target: 'crm' } },
      entries: [{ action: 'changed', kind: 'rule', name: 'all' }],
    });
    expect(again?.entries).toEqual([]);
    expect(redriven).toMatchObject({ operation: { details: { deadLetters: 1 } }, entries: [] });
    expect(started?.operation?.details).toMatchObject({ name: 'again', archive: 'all', from: 0, perSecond: 5 });
    for (const [index, { change, previousHash }] of changes.entries()) {
      const one = (await (await harness.admin('GET', `/v1/admin/changes/${change}`)).json()) as { intact: boolean };
      expect(one.intact).toBe(true);
      if (index > 0) expect(previousHash).toBe(changes[index - 1]?.hash);
    }
  });
});

interface Listed {
  readonly change: number;
  readonly by: string;
  readonly operation?: { readonly action: string; readonly details: Record<string, unknown> };
  readonly entries: readonly unknown[];
  readonly previousHash: string;
  readonly hash: string;
}

async function list(harness: Harness): Promise<readonly Listed[]> {
  const response = await harness.admin('GET', '/v1/admin/changes?limit=100');
  return ((await response.json()) as { items: Listed[] }).items;
}

async function keyFor(harness: Harness, role: string): Promise<string> {
  const response = await harness.admin('POST', '/v1/admin/keys', { role, buses: ['*'] });
  return ((await response.json()) as { key: string }).key;
}

function call(harness: Harness, key: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return send(harness, key, 'POST', path, headers);
}

function send(
  harness: Harness,
  key: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Response> {
  const all = { ...headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = { method, headers: all, ...(body === undefined ? {} : { body }) };
  return harness.mesh.fetch(new Request(`https://mesh.test${path}`, request));
}

async function publish(harness: Harness, id: string): Promise<void> {
  const response = await harness.publish(createEvent(id, { partitionkey: 'k' }));
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
}

function sent({ received }: Harness): readonly string[] {
  return received.map(({ headers }) => headers.get('ce-id') ?? '');
}
