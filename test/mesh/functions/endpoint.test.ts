import { describe, expect, it } from 'vitest';
import { defineFunction, type FunctionEvent } from '../../../functions/compute/define-function.ts';
import { retryLater } from '../../../functions/compute/retry-later.ts';
import { adminKey, createEvent, createHarness, type Harness } from '../harness.ts';

const bundle = [
  defineFunction({
    name: 'split',
    description: 'One event for each of data.parts',
    handler: (event) => (event as FunctionEvent<{ parts: number[] }>).data.parts.map((data) => ({ ...event, data })),
  }),
  defineFunction({
    name: 'typed',
    schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
    handler: (event) => ({ ...event, data: event.data.n + 1 }),
  }),
  defineFunction({
    name: 'busy',
    handler() {
      throw retryLater('not now', { afterSeconds: 7 });
    },
  }),
  defineFunction({
    name: 'emits',
    handler(_event, { emit }) {
      emit({ type: 'emitted' });
      return null;
    },
  }),
];

async function createBus(bus = 'default'): Promise<Harness> {
  const harness = createHarness({ functions: { bundle } });
  await harness.admin('PUT', `/v1/admin/buses/${bus}`, {});
  return harness;
}

interface Sent {
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

function send({ mesh }: Harness, path: string, sent: Sent = {}): Promise<Response> {
  const { body, key = adminKey, headers = {}, method = 'POST' } = sent;
  const type = `application/cloudevents${Array.isArray(body) ? '-batch' : ''}+json`;
  return mesh.fetch(
    new Request(`https://mesh.test${path}`, {
      method,
      headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), 'content-type': type, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
}

const parts = (...values: number[]) => createEvent('e1', { data: { parts: values } });

describe('POST /v1/functions/{name}', () => {
  it('answers one event in the mode that it came in', async () => {
    const harness = await createBus();
    const structured = await send(harness, '/v1/functions/split', { body: parts(1) });
    expect(structured.status).toBe(200);
    expect(structured.headers.get('content-type')).toContain('application/cloudevents+json');
    expect(await structured.json()).toEqual(createEvent('e1', { data: 1 }));

    const attributes = { 'ce-specversion': '1.0', 'ce-id': 'e1', 'ce-source': '/shop', 'ce-type': 'order.created' };
    const headers = { ...attributes, 'content-type': 'application/json' };
    const binary = await send(harness, '/v1/functions/split', { body: '{"parts":[2]}', headers });
    expect([binary.status, await binary.text()]).toEqual([200, '2']);
    expect(Object.fromEntries(binary.headers)).toMatchObject(headers);
  });

  it('answers several as a batch, none with 204', async () => {
    const harness = await createBus();
    const several = await send(harness, '/v1/functions/split', { body: parts(1, 2) });
    expect(several.headers.get('content-type')).toContain('application/cloudevents-batch+json');
    expect(await several.json()).toEqual([createEvent('e1-1', { data: 1 }), createEvent('e1-2', { data: 2 })]);
    const none = await send(harness, '/v1/functions/split', { body: parts() });
    expect([none.status, await none.text()]).toEqual([204, '']);
  });

  it('answers a batch with a batch, in order, however few are left', async () => {
    const harness = await createBus();
    const typed = (id: string, n: unknown) => createEvent(id, { data: { n } });
    const body = Array.from({ length: 20 }, (_, index) => typed(`e${index}`, index));
    const answer = await send(harness, '/v1/functions/typed', { body });
    expect(await answer.json()).toEqual(body.map(({ id }, index) => createEvent(id as string, { data: index + 1 })));
    const empty = await send(harness, '/v1/functions/typed', { body: [] });
    expect([empty.status, await empty.json()]).toEqual([200, []]);
  });

  it('answers failures as problems, of a batch with the place', async () => {
    const harness = await createBus();
    const misfit = await send(harness, '/v1/functions/typed', { body: createEvent() });
    expect([misfit.status, await misfit.json()]).toMatchObject([422, { code: 'step_failed', place: '/data/n' }]);
    const body = [createEvent('a', { data: { n: 1 } }), createEvent('b', { data: { n: 'x' } })];
    expect(await (await send(harness, '/v1/functions/typed', { body })).json()).toMatchObject({ place: '/1/data/n' });
    const busy = await send(harness, '/v1/functions/busy', { body: createEvent() });
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '7']);
    const invalid = await send(harness, '/v1/functions/typed', { body: { specversion: '1.0' } });
    expect([invalid.status, await invalid.json()]).toMatchObject([400, { code: 'event_invalid' }]);
    const plain = await send(harness, '/v1/functions/typed', { body: '{}', headers: { 'content-type': 'text/plain' } });
    expect(plain.status).toBe(415);
    const many = Array.from({ length: 101 }, () => createEvent());
    expect((await send(harness, '/v1/functions/typed', { body: many })).status).toBe(413);
    const large = createEvent('e1', { data: { n: 1, text: 'x'.repeat(1_048_576) } });
    expect((await send(harness, '/v1/functions/typed', { body: large })).status).toBe(413);
  });

  it('publishes what the function emits to the bus of the address', async () => {
    const harness = await createBus('orders');
    await harness.admin('PUT', '/v1/admin/buses/orders/rules/all', {
      filter: { pattern: { type: ['emitted'] } },
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/' } }],
    });
    const answer = await send(harness, '/v1/buses/orders/functions/emits', { body: createEvent() });
    expect(answer.status).toBe(204);
    await harness.drain();
    expect(harness.received.map(({ headers }) => headers.get('ce-id'))).toEqual(['e1-emitted-1']);
  });

  it('takes a key with the role publisher, or admin, of that bus', async () => {
    const harness = await createBus();
    await harness.admin('PUT', '/v1/admin/buses/orders', {});
    async function keyOf(role: string, buses: string[]): Promise<string> {
      const created = await harness.admin('POST', '/v1/admin/keys', { role, buses });
      return ((await created.json()) as { key: string }).key;
    }
    const body = createEvent('e1', { data: { n: 1 } });
    for (const [role, bus, status] of [
      ['publisher', 'default', 200],
      ['admin', 'default', 200],
      ['viewer', 'default', 403],
      ['publisher', 'orders', 403],
    ] as const) {
      const key = await keyOf(role, [bus]);
      expect((await send(harness, '/v1/functions/typed', { body, key })).status).toBe(status);
    }
    const [shut, wrong] = [{ key: '' }, { key: 'tulle_default_0123456789abcdef.0123456789abcdef0123456789abcdef' }];
    for (const other of [shut, wrong]) {
      expect((await send(harness, '/v1/functions/typed', { body, ...other })).status).toBe(401);
      expect((await send(harness, '/v1/functions/none', { body, ...other })).status).toBe(401);
      expect((await send(harness, '/v1/functions', { method: 'GET', ...other })).status).toBe(401);
    }
  });

  it('says what is not there', async () => {
    const harness = await createBus();
    for (const [path, code] of [
      ['/v1/functions/none', 'not_found'],
      ['/v1/functions/constructor', 'not_found'],
      ['/v1/buses/none/functions/typed', 'bus_not_found'],
    ] as const) {
      const answer = await send(harness, path, { body: createEvent() });
      expect([answer.status, await answer.json()]).toMatchObject([404, { code }]);
    }
    expect((await send(harness, '/v1/functions/typed', { method: 'GET' })).headers.get('allow')).toBe('POST');
    expect((await send(harness, '/v1/functions', { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('GET /v1/functions', () => {
  it('lists what may be called, and where it runs, without its address', async () => {
    const harness = await createBus();
    await harness.admin('PUT', '/v1/admin/functions/far', {
      description: 'Far away',
      runs: { http: 'https://far.example.com/secret-path' },
    });
    const answer = await send(harness, '/v1/functions', { method: 'GET' });
    expect(await answer.json()).toEqual({
      functions: [
        { name: 'split', description: 'One event for each of data.parts', runs: 'bundle' },
        { name: 'typed', runs: 'bundle' },
        { name: 'busy', runs: 'bundle' },
        { name: 'emits', runs: 'bundle' },
        { name: 'far', description: 'Far away', runs: 'http' },
      ],
    });
  });
});
