import { describe, expect, it } from 'vitest';
import type { EventTrace } from '../../mesh/trace/trace.ts';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

interface Answer {
  readonly id: string;
  readonly events: readonly EventTrace[];
  readonly deliveries?: readonly { readonly rule: string; readonly status: string }[];
  readonly waiting?: readonly { readonly rule: string; readonly lane: string }[];
  readonly cursor?: string;
}

describe('the trace of an event', () => {
  it('tells when it came, what was planned, and each attempt with its answer', async () => {
    const harness = createHarness();
    await withRule(harness);
    await harness.publish(createEvent('e1'));
    harness.answer = () => new Response('no', { status: 503 });
    await harness.drain();
    const { events } = await trace(harness, 'e1');
    expect(events).toMatchObject([
      {
        id: 'e1',
        source: '/shop',
        type: 'order.created',
        receivedAt: harness.now,
        index: 0,
        settled: true,
        rules: [
          {
            rule: 'all',
            planned: true,
            matches: true,
            deliveries: [
              {
                target: 'crm',
                state: 'waiting',
                nextAt: expect.any(Number),
                waiting: [{ attempts: 1 }],
                attempts: [{ attempt: 1, status: 'retrying', code: 503, latencyMs: expect.any(Number) }],
              },
            ],
          },
        ],
      },
    ]);
    harness.answer = () => new Response(null, { status: 204 });
    await harness.drain(harness.now + 3_600_000);
    const [after] = (await trace(harness, 'e1')).events;
    expect(after?.rules[0]?.deliveries).toMatchObject([
      {
        state: 'delivered',
        attempts: [
          { attempt: 2, code: 204 },
          { attempt: 1, code: 503 },
        ],
      },
    ]);
    expect(after?.rules[0]?.deliveries?.[0]).not.toHaveProperty('waiting');
  });

  it('tells that it waits to be handed out', async () => {
    const harness = createHarness();
    await withRule(harness);
    await harness.publish(createEvent('e1'));
    const [event] = (await trace(harness, 'e1')).events;
    expect(event).toMatchObject({ settled: false, rules: [{ deliveries: [{ state: 'queued', attempts: [] }] }] });
  });

  it('names the first test of each rule that fails, by the kind of what is there', async () => {
    const harness = createHarness();
    await withRule(harness);
    const target = { targets: [{ name: 'x', http: { url: 'https://x.example.com/' } }] };
    const filters = {
      big: { pattern: { data: { amount: [{ numeric: ['>', 100] }] } } },
      paid: { pattern: { source: ['/shop'], data: { paid: { by: ['card'] } } } },
      query: { sql: "subject = 'x'" },
      expression: { jsonata: '$number(data.phone) > 1' },
    };
    for (const [name, filter] of Object.entries(filters)) {
      await harness.admin('PUT', `/v1/admin/buses/default/rules/${name}`, { filter, ...target });
    }
    await harness.publish(createEvent('e1', { data: { amount: 12.5, phone: 'secret-phone', paid: { by: 'cash' } } }));
    const text = await (await harness.admin('GET', '/v1/buses/default/events/e1?rule=expression')).text();
    expect(text).not.toContain('to a number');
    const [event] = (await trace(harness, 'e1')).events;
    const failing = Object.fromEntries((event?.rules ?? []).map(({ rule, ...rest }) => [rule, rest]));
    expect(failing).toMatchObject({
      all: { planned: true, matches: true },
      big: { planned: false, matches: false, failing: { path: 'data.amount', operator: 'numeric', found: 'number' } },
      paid: { failing: { path: 'data.paid.by', expected: 'card', found: 'string' } },
      query: { failing: { path: 'subject', found: 'missing' } },
      expression: { failing: { operator: 'jsonata', found: 'object' } },
    });
    expect(JSON.stringify(event?.rules)).not.toContain('cash');
  });

  it('shows what each step was given and what it left, with what is redacted masked', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [
        { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
        { redact: { paths: ['data.mail'] } },
        { transform: { jsonata: '{ "who": data.name, "call": data.phone }' } },
      ],
    });
    await harness.publish(createEvent('e1', { data: { name: 'Ann', phone: '13812345678', mail: 'ann@example.com' } }));
    await harness.drain();
    const { text, events } = await trace(harness, 'e1');
    expect(events[0]?.rules[0]?.steps).toMatchObject([
      {
        step: 0,
        kind: 'redact',
        outcome: 'done',
        touched: ['data.phone'],
        input: [{ data: { name: 'Ann', phone: '****', mail: '****' } }],
        output: [{ data: { name: 'Ann', phone: '*******5678', mail: '****' } }],
      },
      { step: 1, touched: ['data.mail'], output: [{ data: { mail: '****', phone: '*******5678' } }] },
      { step: 2, kind: 'transform', output: [{ data: { who: 'Ann', call: '*******5678' } }] },
    ]);
    expect(events[0]?.event).toMatchObject({ id: 'e1', data: { name: 'Ann', phone: '****', mail: '****' } });
    expect(text).not.toContain('13812345678');
    expect(text).not.toContain('ann@example.com');
  });

  it('shows kinds alone where a step moves values before they are redacted', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [
        { transform: { jsonata: '{ "contact": $uppercase(data.mail) }' } },
        { redact: { paths: ['data.contact'] } },
      ],
    });
    await harness.publish(createEvent('e1', { data: { mail: 'ann@example.com', age: 12, tags: ['a', null, true] } }));
    const { text, events } = await trace(harness, 'e1');
    expect(events[0]?.rules[0]?.steps).toMatchObject([
      {
        input: [{ id: 'string', type: 'string', data: 'object' }],
        output: [{ data: { contact: '****' } }],
      },
      { output: [{ data: { contact: '****' } }] },
    ]);
    expect(text.toLowerCase()).not.toContain('ann@example');
  });

  it('calls no function, reads no secret, and says where it stopped', async () => {
    let calls = 0;
    const charge = {
      name: 'charge',
      handler: (event: unknown) => {
        calls++;
        return event;
      },
    };
    const harness = createHarness({ functions: { bundle: [charge] } as never, secrets: { pii: 'p'.repeat(32) } });
    await withRule(harness, {
      steps: [
        { redact: { paths: ['data.phone'], with: { hash: { secret: 'pii' } } } },
        { compute: 'charge' },
        { pick: { paths: ['data.phone'] } },
      ],
    });
    await harness.publish(createEvent('e1', { data: { phone: '13812345678' } }));
    await harness.drain();
    const before = calls;
    const sent = harness.received.length;
    const { text, events } = await trace(harness, 'e1');
    expect([calls, harness.received.length]).toEqual([before, sent]);
    expect(events[0]?.rules[0]?.steps).toMatchObject([
      { outcome: 'done', output: [{ data: { phone: '****' } }] },
      { kind: 'compute', outcome: 'notCalled', input: [{ data: { phone: '****' } }] },
      { kind: 'pick', outcome: 'notRun' },
    ]);
    expect(text).not.toContain('13812345678');
    expect(text).not.toContain('pppp');
  });

  it('says why a step fails, and what came of parts', async () => {
    const harness = createHarness();
    await withRule(harness, { steps: [{ transform: { jsonata: '{ "half": data.total / 2 }' } }] });
    await withRule(harness, { steps: [{ split: { path: 'data.items' } }] }, 'parts');
    await harness.publish(createEvent('e1', { data: { total: 'x', items: [1, 2, 3, 4, 5] } }));
    await harness.drain();
    const [event] = (await trace(harness, 'e1')).events;
    const [all, parts] = event?.rules ?? [];
    expect(all).toMatchObject({
      steps: [{ outcome: 'failed', reason: expect.stringContaining('step_failed') }],
      deliveries: [{ state: 'dead-lettered' }],
    });
    const [step] = (parts?.steps ?? []) as unknown as readonly { readonly output: readonly unknown[] }[];
    expect(step?.output).toHaveLength(3);
    expect(parts?.deliveries).toMatchObject([{ attempts: [{ parts: [1, 2, 3, 4, 5] }] }]);
  });

  it('does not quote in a reason what is still to be redacted', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [{ transform: { jsonata: '{ "n": $number(data.phone) }' } }, { redact: { paths: ['data.n'] } }],
    });
    await harness.publish(createEvent('e1', { data: { phone: 'not-138-a-number' } }));
    const { text, events } = await trace(harness, 'e1');
    expect(events[0]?.rules[0]?.steps).toMatchObject([
      { outcome: 'failed', reason: 'step_failed' },
      { outcome: 'notRun' },
    ]);
    expect(text).not.toContain('138');
  });

  it('tells repeats and other sources apart', async () => {
    const harness = createHarness();
    await withRule(harness, { filter: { pattern: { type: ['order.created'] } } });
    await harness.publish(createEvent('e1'));
    await harness.drain();
    harness.now += 3_600_000;
    await harness.publish(createEvent('e1'));
    await harness.publish(createEvent('e1', { source: '/other' }));
    await harness.drain();
    const { events } = await trace(harness, 'e1');
    expect(events.map(({ source, repeated }) => `${source} ${repeated}`)).toEqual([
      '/other undefined',
      '/shop true',
      '/shop undefined',
    ]);
    expect(new Set(events.map(({ request }) => request)).size).toBe(3);
    const deliveries = events.map(({ rules }) => rules[0]?.deliveries?.[0]?.attempts.length);
    expect(deliveries).toEqual([1, 1, 2]);
    const only = await trace(harness, 'e1', '?source=/other');
    expect(only.events.map(({ source }) => source)).toEqual(['/other']);
  });

  it('says by which rules it was matched and by which they are explained', async () => {
    const harness = createHarness();
    await withRule(harness);
    await harness.publish(createEvent('e1'));
    await withRule(harness, { filter: { pattern: { source: ['/elsewhere'] } } });
    const [changed] = (await trace(harness, 'e1')).events;
    expect(changed?.explainedBy).toBeGreaterThan(changed?.matchedBy ?? 0);
    expect(changed?.rules).toMatchObject([
      { rule: 'all', planned: true, matches: false, deliveries: [{ target: 'crm' }] },
    ]);
    await harness.admin('DELETE', '/v1/admin/buses/default/rules/all');
    const [gone] = (await trace(harness, 'e1')).events;
    expect(gone?.rules).toMatchObject([{ rule: 'all', planned: true, reason: 'there is no such rule any more' }]);
  });

  it('knows events that nothing matched, and those of lanes alone, where the bus records all', async () => {
    const harness = createHarness();
    await withRule(harness, {
      targets: [{ name: 'slow', http: { url: 'https://x.example.com/' }, rateLimit: { perSecond: 1 } }],
    });
    await harness.publish(createEvent('before', { source: '/nobody' }));
    await harness.publish(createEvent('laned'));
    expect((await harness.admin('GET', '/v1/buses/default/events/before')).status).toBe(404);
    const early = await trace(harness, 'laned');
    expect(early).toMatchObject({ events: [], waiting: [{ rule: 'all', target: 'slow', lane: 'all/slow' }] });
    await harness.drain();
    expect((await trace(harness, 'laned')).deliveries).toMatchObject([{ rule: 'all', status: 'delivered' }]);

    await harness.admin('PUT', '/v1/admin/buses/default', { record: 'all' });
    await harness.publish([createEvent('none', { source: '/nobody' }), createEvent('lane')]);
    const [none] = (await trace(harness, 'none')).events;
    expect(none?.rules).toMatchObject([{ rule: 'all', planned: false, failing: { path: 'source', found: 'string' } }]);
    const [lane] = (await trace(harness, 'lane')).events;
    expect(lane?.rules).toMatchObject([
      { planned: true, deliveries: [{ target: 'slow', state: 'waiting', waiting: [{ lane: 'all/slow' }] }] },
    ]);
    await harness.drain(harness.now + 60_000);
    const [done] = (await trace(harness, 'lane')).events;
    expect(done?.rules[0]?.deliveries).toMatchObject([{ state: 'delivered', breaker: 'closed' }]);
    expect(harness.received).toHaveLength(2);
  });

  it('is bounded, however large the event and however many the rules', { timeout: 60_000 }, async () => {
    const harness = createHarness();
    const target = { targets: [{ name: 'x', http: { url: 'https://x.example.com/' } }] };
    await withRule(harness, { steps: Array.from({ length: 20 }, () => ({ omit: { paths: ['data.none'] } })) });
    for (let rule = 0; rule < 105; rule++) {
      const filter = { pattern: { source: [`/s${rule}`] } };
      await harness.admin('PUT', `/v1/admin/buses/default/rules/r${rule}`, { filter, ...target });
    }
    await harness.publish(createEvent('e1', { data: { text: 'x'.repeat(1_000_000) } }));
    await harness.publish(createEvent('e2', { data: { text: 'x'.repeat(100_000) } }));
    expect((await trace(harness, 'e2')).text.length).toBeLessThan(400_000);
    const { text, events } = await trace(harness, 'e1');
    expect(text.length).toBeLessThan(400_000);
    expect(events[0]?.event).toEqual({ omitted: expect.stringMatching(/^10\d{5} characters$/) });
    expect(events[0]?.rules).toHaveLength(100);
    expect(events[0]?.rules[0]).toMatchObject({ rule: 'all', planned: true });
    expect(events[0]?.rulesLeftOut).toBe(6);
    const [one] = (await trace(harness, 'e1', '?rule=r104')).events;
    expect(one?.rules).toMatchObject([{ rule: 'r104', matches: false }]);
  });

  it.each([
    `it's "quoted"`,
    "'; DROP TABLE batch; --",
    '%',
    '100%25',
    '.*',
    'a/b?c=d&e#f',
    'Ünï-😀',
    ' leading space',
    'x'.repeat(5_000),
    '__proto__',
    'constructor',
  ])('is found by the id %j', async (id) => {
    const harness = createHarness();
    await withRule(harness);
    await harness.publish(createEvent(id));
    await harness.publish(createEvent('other'));
    await harness.drain();
    const { events } = await trace(harness, id);
    expect(events).toHaveLength(1);
    expect(events[0]?.id).toBe(id.slice(0, 1_024));
    expect(events[0]?.rules[0]?.deliveries).toMatchObject([{ state: 'delivered' }]);
  });

  it('answers 404 for what is not there, and refuses what it does not understand', async () => {
    const harness = createHarness();
    await withRule(harness);
    const ask = async (path: string): Promise<[number, string]> => {
      const response = await harness.admin('GET', `/v1/buses/default/${path}`);
      return [response.status, ((await response.json()) as { place: string }).place];
    };
    expect(await ask('events/none')).toEqual([404, 'id']);
    expect(await ask('events/e1?sorce=/a')).toEqual([400, 'sorce']);
    expect(await ask('events/e1?from=yesterday')).toEqual([400, 'from']);
    expect(await ask('events/e1?cursor=1')).toEqual([400, 'cursor']);
    expect(await ask("events?cursor=1.'%20OR%201")).toEqual([400, 'cursor']);
    expect(await ask(`events?cursor=${Array.from({ length: 70 }, () => '1').join('.')}`)).toEqual([400, 'cursor']);
    expect(await ask('events?limit=0')).toEqual([400, 'limit']);
    expect(await ask('deliveries?status=lost')).toEqual([400, 'status']);
    expect(await ask('deliveries?type=a&type=b')).toEqual([400, 'type']);
    const other = await harness.admin('POST', '/v1/buses/default/events/e1');
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('who may see what', () => {
  it('shows data to admins alone, in no form to others', async () => {
    const harness = createHarness();
    const secret = 'kGb3-hidden-value';
    await withRule(harness, {
      steps: [{ transform: { jsonata: '{ "who": data.name }' } }, { merge: { data: { seen: true } } }],
    });
    await harness.publish(createEvent('e1', { subject: secret, data: { name: secret, list: [secret] } }));
    await harness.drain();
    const viewer = await keyFor(harness, 'viewer', ['default']);
    for (const path of ['events/e1', 'events', 'events?id=e1', 'deliveries', 'deliveries?event=e1']) {
      const response = await get(harness, viewer, `/v1/buses/default/${path}`);
      const text = await response.text();
      expect([path, response.status]).toEqual([path, 200]);
      expect(text).toContain('e1');
      expect(text).not.toContain(secret);
    }
    const { events } = (await (await get(harness, viewer, '/v1/buses/default/events/e1')).json()) as Answer;
    expect(events[0]).not.toHaveProperty('event');
    expect(events[0]?.rules[0]?.steps).toEqual([
      { step: 0, kind: 'transform' },
      { step: 1, kind: 'merge' },
    ]);
    expect((await trace(harness, 'e1')).text).toContain(secret);
    expect(await (await harness.admin('GET', '/v1/buses/default/events')).text()).not.toContain(secret);
  });

  it('lets nobody look over the fence', async () => {
    const harness = createHarness();
    await withRule(harness);
    await harness.admin('PUT', '/v1/admin/buses/other', {});
    await harness.publish(createEvent('e1'));
    await harness.drain();
    const outsider = await keyFor(harness, 'viewer', ['other']);
    const publisher = await keyFor(harness, 'publisher', ['default']);
    for (const path of ['events/e1', 'events', 'deliveries']) {
      expect((await get(harness, outsider, `/v1/buses/default/${path}`)).status).toBe(403);
      expect((await get(harness, publisher, `/v1/buses/default/${path}`)).status).toBe(403);
      expect((await get(harness, 'nobody', `/v1/buses/default/${path}`)).status).toBe(401);
    }
    expect((await get(harness, outsider, '/v1/buses/other/events/e1')).status).toBe(404);
    expect(await (await get(harness, outsider, '/v1/buses/other/events')).json()).toEqual({ events: [] });
    expect(await (await get(harness, outsider, '/v1/buses/other/deliveries')).json()).toEqual({ deliveries: [] });
  });
});

describe('the events of a bus', () => {
  it('are listed newest first, page by page, without their data', async () => {
    const harness = createHarness();
    await withRule(harness);
    for (let batch = 0; batch < 3; batch++) {
      harness.now += 1_000;
      await harness.publish([0, 1, 2].map((number) => createEvent(`e${batch * 3 + number}`)));
    }
    const found: string[] = [];
    let query = '?limit=4';
    for (;;) {
      const answer = await harness.admin('GET', `/v1/buses/default/events${query}`);
      const { events, cursor } = (await answer.json()) as { events: { id: string }[]; cursor?: string };
      found.push(...events.map(({ id }) => id));
      if (cursor === undefined) break;
      query = `?limit=4&cursor=${cursor}`;
      await harness.publish(createEvent('late'));
    }
    expect(found).toEqual(['e8', 'e7', 'e6', 'e5', 'e4', 'e3', 'e2', 'e1', 'e0']);
    const answer = await harness.admin('GET', '/v1/buses/default/events?id=e8&type=order.created&source=/shop');
    expect(await answer.json()).toEqual({
      events: [
        {
          id: 'e8',
          source: '/shop',
          type: 'order.created',
          receivedAt: harness.now,
          request: expect.any(String),
          index: 2,
          deliveries: 1,
          settled: false,
        },
      ],
    });
  });

  it('come with what they hold, and are found by it, for who may see data', async () => {
    const harness = createHarness();
    await withRule(harness, { filter: { pattern: { data: { amount: [{ numeric: ['>', 10] }] } } } });
    const bus = await harness.admin('PUT', '/v1/admin/buses/default', { record: 'all', shards: 3 });
    expect(bus.status).toBe(200);
    const large = 'x'.repeat(900_000);
    for (const amount of [5, 15, 25]) {
      await harness.publish({ ...createEvent(`e${amount}`), data: { amount, ...(amount === 5 ? { large } : {}) } });
      harness.now += 1_000;
    }
    const all = '/v1/buses/default/events?data=true';
    const filter = encodeURIComponent('{"pattern":{"data":{"amount":[{"numeric":["<",20]}]}}}');
    const read = async (path: string): Promise<{ id: string; event?: { data: { amount: number } } }[]> => {
      const found = [];
      for (let cursor = ''; ;) {
        const answer = await harness.admin('GET', path + cursor);
        expect(answer.status).toBe(200);
        const page = (await answer.json()) as { events: { id: string }[]; cursor?: string };
        found.push(...page.events);
        if (page.cursor === undefined) return found;
        cursor = `&cursor=${page.cursor}`;
      }
    };
    expect((await read(all)).map(({ event }) => event?.data.amount)).toEqual([25, 15, 5]);
    expect((await read(`${all}&rule=all`)).map(({ id }) => id)).toEqual(['e25', 'e15']);
    expect((await read(`/v1/buses/default/events?filter=${filter}`)).map(({ id }) => id)).toEqual(['e15', 'e5']);
    expect((await read(`${all}&filter=${filter}&rule=all`)).map(({ id }) => id)).toEqual(['e15']);

    await harness.publish(JSON.stringify(createEvent('exact')).replace('12.5', '12345678901234567890.50'));
    const exact = await harness.admin('GET', `${all}&id=exact&limit=1`);
    expect(await exact.text()).toContain('"amount":12345678901234567890.50');

    const viewer = await keyFor(harness, 'viewer', ['default']);
    expect((await get(harness, viewer, '/v1/buses/default/events')).status).toBe(200);
    expect((await get(harness, viewer, all)).status).toBe(403);
    expect((await get(harness, viewer, `/v1/buses/default/events?filter=${filter}`)).status).toBe(403);
    for (const query of ['data=yes', 'filter=x', 'filter={}', `filter=${'9'.repeat(9_000)}`]) {
      expect((await harness.admin('GET', `/v1/buses/default/events?${query}`)).status).toBe(400);
    }
  });
});

async function trace(harness: Harness, id: string, query = ''): Promise<Answer & { readonly text: string }> {
  const response = await harness.admin('GET', `/v1/buses/default/events/${encodeURIComponent(id)}${query}`);
  const text = await response.text();
  expect([response.status, text]).toEqual([200, text]);
  return { ...(JSON.parse(text) as Answer), text };
}

async function keyFor(harness: Harness, role: string, buses: readonly string[]): Promise<string> {
  const response = await harness.admin('POST', '/v1/admin/keys', { role, buses });
  return ((await response.json()) as { key: string }).key;
}

function get(harness: Harness, key: string, path: string): Promise<Response> {
  return harness.mesh.fetch(new Request(`https://mesh.test${path}`, { headers: { authorization: `Bearer ${key}` } }));
}
