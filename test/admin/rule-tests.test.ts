import { beforeEach, describe, expect, it } from 'vitest';
import { defineFunction } from '../../functions/compute/define-function.ts';
import type { RuleTest } from '../../mesh/rule-test/rule-test.ts';
import { createEvent, createHarness, type Harness, withRule } from '../mesh/harness.ts';

const masterKeys = { current: btoa('master-key-of-the-test-suite-032') };
const path = '/v1/admin/buses/default/rules:test';

describe('a test of rules', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = createHarness({ masterKeys, functions: { bundle: [twice, rates, loud] } });
    await withRule(harness);
  });

  async function test(body: object, key?: string): Promise<RuleTest> {
    const answer = key === undefined ? await harness.admin('POST', path, body) : await send(harness, key, body);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
    return JSON.parse(text) as RuleTest;
  }

  async function refusalOf(body: object | string, key?: string): Promise<unknown> {
    const answer = await send(harness, key ?? (await adminKeyOf(harness)), body);
    return { status: answer.status, ...((await answer.json()) as object) };
  }

  it('shows the request that a target would be sent, byte by byte as it is really sent', async () => {
    for (const content of ['binary', 'structured', 'raw'] as const) {
      await withRule(harness, { targets: [target({ content, headers: { 'X-Team': 'crm' } })] });
      const { events, requests } = await test({ event: createEvent() });
      expect(events).toMatchObject([
        {
          id: 'e1',
          rules: [{ rule: 'all', matches: true, outcome: 'sent', targets: [{ target: 'crm', requests: [0] }] }],
        },
      ]);
      expect(harness.received).toEqual([]);
      await harness.publish(createEvent());
      await harness.drain();
      const [sent] = harness.received.splice(0);
      const [shown] = requests;
      expect(shown).toMatchObject({ method: 'POST', url: sent?.url, body: sent?.body, content });
      expect(shown?.bytes).toBe(new TextEncoder().encode(sent?.body).length);
      expect(shown?.headers).toEqual(Object.fromEntries(sent?.headers ?? []));
    }
  });

  it('keeps the text of events, so that numbers go as they were written', async () => {
    await withRule(harness, { targets: [target({ content: 'structured' })] });
    const event = JSON.stringify(createEvent()).replace('12.5', '12345678901234567890.50');
    const answer = await harness.mesh.fetch(requestOf(harnessKey, `{"rule":"all","events":[${event}]}`));
    expect(((await answer.json()) as RuleTest).requests[0]?.body).toBe(event);
  });

  it('says of every rule why it does not take an event, with what is there', async () => {
    await withRule(
      harness,
      { filter: { pattern: { type: [{ prefix: 'user.' }], data: { amount: [{ numeric: ['>', 20] }] } } } },
      'users',
    );
    const { events } = await test({ event: createEvent() });
    expect(events[0]?.rules).toMatchObject([
      { rule: 'all', matches: true },
      {
        rule: 'users',
        matches: false,
        failing: { path: 'data.amount', operator: 'numeric', found: 'number' },
        predicates: [
          { path: 'data.amount', actual: '12.5' },
          { path: 'type', actual: '"order.created"' },
        ],
      },
    ]);
  });

  it('shows what every step makes, and several events as several requests', async () => {
    await withRule(harness, {
      steps: [{ transform: { jsonata: '{ "items": data.items }' } }, { split: { path: 'data.items' } }],
    });
    const { events, requests } = await test({ event: createEvent('e1', { data: { items: [1, 2] } }) });
    expect(events[0]?.rules[0]).toMatchObject({
      outcome: 'sent',
      steps: [
        { kind: 'transform', outcome: 'done', output: [{ data: { items: [1, 2] } }] },
        { kind: 'split', outcome: 'done' },
      ],
      targets: [{ requests: [0, 1] }],
    });
    expect(requests.map(({ events: inside, headers }) => [inside, headers?.['ce-id']])).toEqual([
      [[{ event: 0, part: 1 }], 'e1-1'],
      [[{ event: 0, part: 2 }], 'e1-2'],
    ]);
  });

  it('says what ends without a request', async () => {
    const outcomes: unknown[] = [];
    for (const steps of [
      [{ transform: { jsonata: 'data.missing' } }],
      [{ transform: { jsonata: '[]', output: 'events' } }],
    ]) {
      await withRule(harness, { steps });
      const { events, requests } = await test({ event: createEvent() });
      outcomes.push([events[0]?.rules[0]?.outcome, requests]);
    }
    expect(outcomes).toEqual([
      ['failed', []],
      ['filtered', []],
    ]);
  });

  it('puts events together as a batch', async () => {
    await withRule(harness, { targets: [target({ content: 'batch', batchSize: 2 })] });
    const { requests } = await test({ events: ['a', 'b', 'c'].map((id) => createEvent(id)) });
    expect(requests).toMatchObject([
      { content: 'batch', events: [{ event: 0 }, { event: 1 }] },
      { content: 'batch', events: [{ event: 2 }] },
    ]);
    expect(JSON.parse(requests[0]?.body ?? '')).toHaveLength(2);
  });

  it('masks signatures and credentials of every kind, and fetches no token', async () => {
    const connections: Record<string, object> = {
      bearer: { bearer: { token: 'a-real-token' } },
      basic: { basic: { username: 'tulle', password: 'a-real-password' } },
      header: { apiKey: { header: 'X-Thing', value: 'a-real-value' } },
      query: { apiKey: { query: 'code', value: 'a-real-value' } },
      oauth: { oauth2: { tokenUrl: 'https://id.example.com/token', clientId: 'tulle', clientSecret: 'a-real-secret' } },
      hmac: { hmac: { header: 'X-Hub-Signature-256', secret: 'a-real-secret', format: 'sha256={signature}' } },
    };
    for (const [name, document] of Object.entries(connections)) {
      const made = await harness.admin('PUT', `/v1/admin/connections/${name}`, document);
      expect(made.status, await made.text()).toBe(201);
    }
    const shown: string[] = [];
    for (const connection of Object.keys(connections)) {
      await withRule(harness, { targets: [target({ connection })] });
      const { requests } = await test({ event: createEvent() });
      expect(requests).toMatchObject([{ method: 'POST', body: '{"amount":12.5}' }]);
      const [{ url = '', headers = {} } = {}] = requests;
      shown.push(
        [url, ...Object.entries(headers).map((header) => header.join(': '))]
          .filter((line) => line.includes('****'))
          .join(),
      );
    }
    expect(shown).toEqual([
      'authorization: ****',
      'authorization: ****',
      'x-thing: ****',
      'https://crm.example.com/hook?code=****',
      'authorization: ****',
      'x-hub-signature-256: ****',
    ]);
    expect(harness.received).toEqual([]);

    await harness.admin('PUT', '/v1/admin/secrets/crm-signing', { value: `whsec_${btoa('x'.repeat(32))}` });
    await withRule(harness, { targets: [target({ signing: { secret: 'crm-signing' } })] });
    const { requests } = await test({ event: createEvent() });
    expect(requests[0]?.headers).toMatchObject({ 'webhook-id': 'msg_test_0_all_crm', 'webhook-signature': '****' });
    expect(requests[0]).not.toHaveProperty('missing');
  });

  it('says which secret is missing, and why a target would be refused', async () => {
    await withRule(harness, { targets: [target({ signing: { secret: 'gone' } })] });
    const { requests } = await test({ event: createEvent() });
    expect(requests).toMatchObject([{ missing: ['gone'], headers: { 'webhook-signature': '****' } }]);
  });

  it('tells nobody whether there is a secret who may not see the list of them', async () => {
    const rule = { filter: { pattern: { source: ['/shop'] } }, targets: [target({ signing: { secret: 'gone' } })] };
    await withRule(harness, rule);
    const missingFor = async (role: string, buses: readonly string[], body: object): Promise<unknown> => {
      const { requests } = await test({ event: createEvent(), ...body }, await keyFor(harness, role, buses));
      return requests[0]?.missing;
    };
    expect(await missingFor('viewer', ['*'], { rule: 'all' })).toEqual(['gone']);
    expect(await missingFor('admin', ['*'], { rule })).toEqual(['gone']);
    // Of a rule that is sent along one could choose the name, also among those of the platform.
    expect(await missingFor('viewer', ['*'], { rule })).toBeUndefined();
    expect(await missingFor('operator', ['*'], { rule })).toBeUndefined();
    for (const role of ['viewer', 'operator', 'admin']) {
      expect(await missingFor(role, ['default'], { rule: 'all' }), role).toBeUndefined();
      expect(await missingFor(role, ['default'], { rule }), role).toBeUndefined();
    }
  });

  it('shows what a switched-off rule and held targets would get, and says that nothing goes there', async () => {
    await withRule(harness, { targets: [{ ...target({}), paused: true }] });
    expect((await test({ event: createEvent() })).events[0]?.rules[0]?.targets).toMatchObject([
      { held: 'target paused', requests: [0] },
    ]);
    await withRule(harness, { enabled: false });
    expect((await test({ event: createEvent() })).events[0]?.rules[0]).toMatchObject({
      enabled: false,
      matches: true,
      targets: [{ held: 'rule disabled' }],
    });
  });

  it('tries a rule that is nowhere stored', async () => {
    const rule = { filter: { sql: "type LIKE 'order.%'" }, targets: [target({})] };
    const { events } = await test({ rule, event: createEvent() });
    expect(events[0]?.rules).toMatchObject([{ rule: 'tested', matches: true, outcome: 'sent' }]);
    expect(await refusalOf({ rule: { ...rule, filter: { sql: 'type LIKE' } }, event: createEvent() })).toMatchObject({
      status: 400,
      code: 'filter_invalid',
      place: expect.stringMatching(/^\/rule\/filter\/sql/) as string,
    });
    const stored = await harness.admin('GET', '/v1/admin/buses/default/rules');
    expect(((await stored.json()) as { items: unknown[] }).items).toHaveLength(1);
  });

  it('takes events in the shapes of EventBridge', async () => {
    await withRule(harness, {
      filter: { eventbridge: { 'detail-type': ['Order Created'], detail: { amount: [12] } } },
      targets: [target({ content: 'structured' })],
    });
    const shapes = [
      {
        version: '0',
        id: 'e1',
        source: 'shop',
        'detail-type': 'Order Created',
        account: '1',
        region: 'eu',
        time: '2026-01-01T00:00:00Z',
        resources: ['a', 'b'],
        detail: { amount: 12 },
      },
      { Source: 'shop', DetailType: 'Order Created', Detail: '{"amount":12}', EventBusName: 'default' },
    ];
    const { events, requests } = await test({ events: shapes });
    expect(events.map(({ rules }) => rules[0]?.matches)).toEqual([true, true]);
    expect(requests.map(({ body = '' }) => JSON.parse(body) as unknown)).toMatchObject([
      { specversion: '1.0', id: 'e1', type: 'Order Created', resources: '["a","b"]', data: { amount: 12 } },
      { source: 'shop', type: 'Order Created', data: { amount: 12 } },
    ]);
  });

  it('says that the bus would refuse an event, by the schema of its type', async () => {
    await harness.admin('PUT', '/v1/admin/schemas/orders', { type: 'order.created' });
    await harness.admin('PUT', '/v1/admin/schemas/orders/versions/1', { properties: { amount: { type: 'string' } } });
    await harness.admin('PUT', '/v1/admin/buses/default', { schemas: 'enforce' });
    expect((await test({ event: createEvent() })).events).toMatchObject([{ refused: { code: 'schema_mismatch' } }]);
  });

  it('leaves no trace: nothing is stored, published or counted', async () => {
    await withRule(harness, { steps: [{ compute: 'loud' }] });
    const before = await bookkeeping(harness);
    const { events } = await test({ event: createEvent(), functions: 'run' });
    expect(events[0]?.rules[0]).toMatchObject({ emits: [{ type: 'order.seen' }] });
    await harness.drain();
    expect(await bookkeeping(harness)).toEqual(before);
  });

  describe('with functions', () => {
    it('runs those of the bundle that need no network', async () => {
      await withRule(harness, { steps: [{ compute: 'twice' }] });
      const { requests } = await test({ event: createEvent() });
      expect(requests).toMatchObject([{ body: '{"amount":25}' }]);
    });

    it('calls nobody unless it is asked to, however the function takes that', async () => {
      await withRule(harness, { steps: [{ compute: 'rates' }, { pick: { paths: ['data.amount'] } }] });
      const skipped = await test({ event: createEvent() });
      expect(skipped.requests).toEqual([]);
      expect(skipped.events[0]?.rules[0]).toMatchObject({
        outcome: 'unknown',
        steps: [{ kind: 'compute', outcome: 'notCalled' }, { outcome: 'notRun' }],
      });
      expect(harness.received).toEqual([]);
      harness.answer = () => new Response('7');
      const ran = await test({ event: createEvent(), functions: 'run' });
      expect(ran.requests).toMatchObject([{ body: '{"amount":7}' }]);
      expect(harness.received.map(({ url }) => url)).toEqual(['https://rates.example.com/']);
      harness.answer = () => Promise.reject(new Error('no connection'));
      const failed = await test({ event: createEvent(), functions: 'run' });
      expect(failed.requests).toMatchObject([{ body: '{"amount":0}' }]);
    });

    it('does not call a function over HTTP', async () => {
      await harness.admin('PUT', '/v1/admin/functions/score', { runs: { http: 'https://functions.example.com/' } });
      await withRule(harness, { steps: [{ compute: 'score' }] });
      const { events } = await test({ event: createEvent() });
      expect(events[0]?.rules[0]?.steps).toMatchObject([{ outcome: 'notCalled' }]);
      expect(harness.received).toEqual([]);
    });
  });

  describe('on events that are kept', () => {
    beforeEach(async () => {
      await withRule(harness, { steps: [{ redact: { paths: ['data.phone'] } }] });
      for (const id of ['e1', 'e2', 'e3'])
        await harness.publish(createEvent(id, { data: { phone: `phone-of-${id}` } }));
      await harness.drain();
    });

    it('takes the last ones', async () => {
      const { events, requests } = await test({ rule: 'all', last: 2 });
      expect(events).toMatchObject([
        { receivedAt: harness.now, rules: [{ matches: true, steps: [{ outcome: 'done' }] }] },
        { rules: [{ matches: true }] },
      ]);
      expect(requests).toHaveLength(2);
    });

    it('shows no data of them to those who may not see it, and answers no questions of theirs about it', async () => {
      const viewer = await keyFor(harness, 'viewer');
      const { events, requests } = await test({ last: 3 }, viewer);
      expect(events[0]).toMatchObject({
        rules: [{ rule: 'all', matches: true, steps: [{ step: 0, kind: 'redact' }] }],
      });
      expect(JSON.stringify({ events, requests })).not.toContain('phone-of');
      const rule = { filter: { pattern: { data: { phone: [{ prefix: 'phone-of-e' }] } } }, targets: [target({})] };
      expect(await refusalOf({ rule, last: 1 }, viewer)).toMatchObject({ status: 403 });
    });
  });

  it('masks what a rule redacts for those who may not see data, before the step as well', async () => {
    await withRule(harness, {
      steps: [{ rename: { 'data.phone': 'data.number' } }, { redact: { paths: ['data.number'] } }],
    });
    const event = createEvent('e1', { data: { phone: '13812345678' } });
    const viewer = await keyFor(harness, 'viewer');
    const answer = JSON.stringify((await test({ event }, viewer)).events[0]?.rules[0]?.steps);
    expect(answer).not.toContain('13812345678');
    expect(JSON.stringify((await test({ event })).events)).toContain('13812345678');
  });

  it('makes no keyed value anew for anybody', async () => {
    await withRule(harness, { steps: [{ redact: { paths: ['data.phone'], with: { hash: { secret: 'pepper' } } } }] });
    const { requests } = await test({ event: createEvent('e1', { data: { phone: '13812345678' } }) });
    expect(requests).toMatchObject([{ body: '{"phone":"****"}' }]);
  });

  it('calls functions for those alone who may publish', async () => {
    await withRule(harness, { steps: [{ compute: 'twice' }] });
    const { events } = await test({ event: createEvent() }, await keyFor(harness, 'operator'));
    expect(events[0]?.rules[0]).toMatchObject({ outcome: 'unknown', steps: [{ outcome: 'notCalled' }] });
    expect(await refusalOf({ event: createEvent(), functions: 'run' }, await keyFor(harness, 'viewer'))).toMatchObject({
      status: 403,
    });
  });

  it.each([
    ['nothing to try', {}, ''],
    ['two kinds of events', { event: createEvent(), last: 1 }, ''],
    ['no events', { events: [] }, '/events'],
    ['too many events', { events: Array.from({ length: 101 }, (_, id) => createEvent(`e${id}`)) }, '/events'],
    ['what is no list', { events: createEvent() }, '/events'],
    ['an unknown member', { event: createEvent(), send: true }, '/send'],
    ['an event without a type', { events: [createEvent(), { ...createEvent(), type: undefined }] }, '/events/1/type'],
    ['a number for an event', { event: 5 }, '/event'],
    ['a broken entry of PutEvents', { event: { Source: 's', DetailType: 't', Detail: '{' } }, '/event'],
    [
      'an event with an attribute that pollutes',
      '{"event":{"specversion":"1.0","id":"1","source":"/s","type":"t","__proto__":{"a":1}}}',
      '/event/__proto__',
    ],
  ])('refuses %s', async (_what, body, place) => {
    const { status, ...problem } = (await refusalOf(body)) as { status: number; place?: string };
    expect(status, JSON.stringify(problem)).toBe(400);
    expect(problem.place ?? '').toBe(place);
  });

  it('knows no other rule or bus', async () => {
    expect(await refusalOf({ rule: 'other', event: createEvent() })).toMatchObject({ status: 404, place: '/rule' });
    expect(await refusalOf({ rule: '__proto__', event: createEvent() })).toMatchObject({ status: 400 });
    expect((await harness.admin('POST', '/v1/admin/buses/other/rules:test', { event: createEvent() })).status).toBe(
      404,
    );
  });

  it('bounds what a rule makes of an event, what is shown and what is explained', async () => {
    await withRule(harness, { steps: [{ split: { path: 'data' } }] });
    const event = createEvent('e1', { data: Array.from({ length: 900 }, (_, at) => ({ at, text: 'x'.repeat(900) })) });
    const { requests, deliveriesLeftOut } = await test({ event });
    expect(requests).toHaveLength(500);
    expect(deliveriesLeftOut).toBe(400);
    const large = createEvent('e1', { data: { text: 'y'.repeat(1_000_000) } });
    await withRule(harness);
    const answer = await test({ events: [large, large, large] });
    expect(answer.requests.map(({ body, bytes }) => [body?.length, bytes])).toEqual([
      [1_000_011, 1_000_011],
      [undefined, 1_000_011],
      [undefined, 1_000_011],
    ]);
    expect(JSON.stringify(answer).length).toBeLessThan(3_000_000);
  });

  it('bounds what large events, many rules and large rules cost', async () => {
    const body = { a: [[{ b: 'x'.repeat(900_000) }]] };
    const large = Array.from({ length: 4 }, (_, at) => createEvent(`e${at}`, { data: body }));
    const omit = { omit: { paths: ['data.none'] } };
    const rule = { filter: { pattern: { type: ['order.created'] } }, steps: Array.from({ length: 20 }, () => omit) };
    const { events } = await test({ rule: { ...rule, targets: [target({})] }, events: large });
    expect(events.map(({ rules }) => rules[0]?.outcome)).toEqual(['sent', 'sent', 'sent', 'sent']);
    const edits = Array.from({ length: 210 }, (_, at) => ({
      put: {
        kind: 'rule',
        bus: 'default',
        name: `r-${at}`,
        filter: { jsonata: `data.amount > ${at}` },
        targets: [target({})],
      },
    }));
    expect((await harness.admin('POST', '/v1/admin/changes', { edits })).status).toBe(201);
    const many = await test({ events: Array.from({ length: 100 }, (_, at) => createEvent(`e${at}`)) });
    expect([many.events.length, many.eventsLeftOut]).toEqual([1, 99]);
    expect(many.events[0]?.rulesLeftOut).toBe(111);
    const huge = { ...rule, steps: [], description: 'x'.repeat(300_000), targets: [target({})] };
    expect(await refusalOf({ rule: huge, event: createEvent() })).toMatchObject({ status: 413, place: '/rule' });
  }, 30_000);

  it('runs expressions with a bound for all of them together', async () => {
    await withRule(harness, { steps: [{ transform: { jsonata: '$sum([1..99000].($ * 2))' } }] });
    const { events } = await test({ events: Array.from({ length: 100 }, (_, at) => createEvent(`e${at}`)) });
    const outcomes = events.map(({ rules }) => rules[0]?.outcome);
    expect(outcomes[0]).toBe('sent');
    expect(outcomes.at(-1)).toBe('leftOut');
  }, 30_000);
});

const harnessKey = 'admin-key-of-the-test-suite';

const twice = defineFunction({
  name: 'twice',
  handler: (event) => ({ ...event, data: { amount: (event.data as { amount: number }).amount * 2 } }),
});

/** Goes on without an answer. */
const rates = defineFunction({
  name: 'rates',
  async handler(event, { fetch }) {
    try {
      const answer = await fetch('https://rates.example.com/');
      return { ...event, data: { amount: Number(await answer.text()) } };
    } catch {
      return { ...event, data: { amount: 0 } };
    }
  },
});

const loud = defineFunction({
  name: 'loud',
  handler(event, { emit }) {
    emit({ type: 'order.seen', source: '/loud', data: {} });
    return event;
  },
});

function target(options: object): object {
  return { name: 'crm', http: { url: 'https://crm.example.com/hook', ...options } };
}

function requestOf(key: string, body: object | string): Request {
  return new Request(`https://mesh.test${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function send({ mesh }: Harness, key: string, body: object | string): Promise<Response> {
  return mesh.fetch(requestOf(key, body));
}

async function keyFor(harness: Harness, role: string, buses: readonly string[] = ['default']): Promise<string> {
  const created = await harness.admin('POST', '/v1/admin/keys', { role, buses });
  return ((await created.json()) as { key: string }).key;
}

function adminKeyOf(harness: Harness): Promise<string> {
  return keyFor(harness, 'admin');
}

async function bookkeeping(harness: Harness): Promise<unknown> {
  const [books, events, changes] = await Promise.all(
    ['/v1/buses/default/books', '/v1/buses/default/events', '/v1/admin/changes'].map(async (address) =>
      (await harness.admin('GET', address)).text(),
    ),
  );
  return { books, events, changes, received: harness.received.length };
}
