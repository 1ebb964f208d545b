import { describe, expect, it } from 'vitest';
import { defineFunction } from '../../functions/compute/define-function.ts';
import type { Turn } from '../../mesh/ports/consumer.ts';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

/** One event for each element of the data. */
const split = { transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } };

const idsOf = ({ received }: Harness) => received.map(({ headers }) => headers.get('ce-id'));

describe('an event of which the steps make several', () => {
  it('is delivered as each of them', async () => {
    const harness = createHarness();
    await withRule(harness, { steps: [split] });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'] }));
    await harness.drain();
    expect(harness.received.map(({ body }) => body)).toEqual(['"a"', '"b"', '"c"']);
    expect(idsOf(harness)).toEqual(['e1-1', 'e1-2', 'e1-3']);
    expect(await harness.deliveries('event=e1')).toMatchObject([{ status: 'delivered', parts: [1, 2, 3] }]);
  });

  it('is tried again with the parts that failed, and with no others', async () => {
    const harness = createHarness();
    await withRule(harness, { steps: [split] });
    let refusals = 2;
    harness.answer = ({ body }) => new Response(null, { status: body !== '"a"' && refusals-- > 0 ? 503 : 200 });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c', 'd'] }));
    await harness.drain(harness.now + 3_600_000);
    expect(idsOf(harness)).toEqual(['e1-1', 'e1-2', 'e1-3', 'e1-4', 'e1-2', 'e1-3']);
    expect(
      (await harness.deliveries('event=e1')).map(({ status, parts, attempt }) => [status, parts, attempt]),
    ).toEqual(
      expect.arrayContaining([
        ['delivered', [1, 4], 1],
        ['retrying', [2, 3], 1],
        ['delivered', [2, 3], 2],
      ]),
    );
  });

  it('has a delivery id for each part, the same for each attempt', async () => {
    const harness = createHarness({ secrets: { crm: `whsec_${btoa('0123456789abcdef0123456789abcdef')}` } });
    await withRule(harness, {
      steps: [split],
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', signing: { secret: 'crm' } } }],
    });
    let refusals = 2;
    harness.answer = () => new Response(null, { status: refusals-- > 0 ? 503 : 200 });
    await harness.publish(createEvent('e1', { data: ['a', 'b'] }));
    await harness.drain(harness.now + 3_600_000);
    const ids = harness.received.map(({ headers }) => headers.get('webhook-id'));
    expect(ids).toHaveLength(4);
    // Signing is asynchronous, so that either may be sent first.
    expect(new Set(ids.slice(2))).toEqual(new Set(ids.slice(0, 2)));
    expect(new Set(ids).size).toBe(2);
  });

  it('leaves one dead letter with the whole event and the parts that died', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [split],
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/' }, retry: { maxAttempts: 1 } }],
    });
    harness.answer = ({ body }) => new Response(null, { status: body === '"b"' ? 200 : 500 });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'] }));
    await harness.drain();
    const dead = await harness.deliveries('status=dead-lettered');
    expect(dead).toMatchObject([{ parts: [1, 3] }]);
    expect(JSON.parse(dead[0]?.event ?? '')).toMatchObject({ id: 'e1', data: ['a', 'b', 'c'] });
  });

  it('says which parts came to their end by age', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [split],
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/' }, ordering: 'partitionkey' }],
    });
    harness.answer = ({ body }) => new Response(null, { status: body === '"a"' ? 200 : 503 });
    const expirytime = new Date(harness.now + 1_000).toISOString();
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'], partitionkey: 'k', expirytime }));
    await harness.drain(harness.now + 3_600_000);
    const expired = await harness.deliveries('status=expired');
    expect(expired.flatMap(({ parts }) => parts ?? []).toSorted((a, b) => a - b)).toEqual([2, 3]);
  });

  it('says which parts came to their end with their rule', async () => {
    const harness = createHarness();
    await withRule(harness, { steps: [split] });
    harness.answer = ({ body }) => new Response(null, { status: body === '"b"' ? 503 : 200 });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'] }));
    await harness.drain();
    await harness.admin('DELETE', '/v1/admin/buses/default/rules/all');
    await harness.drain(harness.now + 3_600_000);
    expect(await harness.deliveries('status=disabled')).toMatchObject([{ parts: [2] }]);
  });

  it('answers no more than an RPC takes when all the parts of the largest events fail', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [split],
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', content: 'batch', batchSize: 7 } }],
    });
    harness.answer = () => new Response(null, { status: 503 });
    const data = Array.from({ length: 1_000 }, (_, index) => `${index}`.padEnd(1_000, '\\'));
    const sizes: number[] = [];
    const { dispatch } = harness.mesh;
    Object.assign(harness.mesh, {
      dispatch: async (messages: readonly string[], turn?: Turn) => {
        const settlement = await dispatch(messages, turn);
        sizes.push(JSON.stringify(settlement).length);
        return settlement;
      },
    });
    await harness.publish(createEvent('e1', { data: data.slice(0, 500) }));
    await harness.drain();
    for (const size of sizes) expect(size).toBeLessThan(16 * 1_048_576);
  });
});

describe('a function that answers differently at another attempt', () => {
  it('does not make one part stand for another', async () => {
    let refuses = true;
    const harness = createHarness({
      functions: {
        bundle: [
          defineFunction({
            name: 'check',
            handler(event) {
              if (event.data === 'b' && refuses) throw new Error('no');
              return event;
            },
          }),
        ],
      },
    });
    await withRule(harness, { steps: [split, { compute: 'check', onError: 'skip' }] });
    let failures = 1;
    harness.answer = ({ body }) => new Response(null, { status: body === '"c"' && failures-- > 0 ? 503 : 200 });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'] }));
    await harness.drain();
    refuses = false;
    await harness.drain(harness.now + 3_600_000);
    expect(harness.received.map(({ body }) => body)).toEqual(['"a"', '"c"', '"c"']);
    expect((await harness.deliveries('status=delivered')).flatMap(({ parts }) => parts)).toEqual([3, 1]);
  });

  it('ends the parts that it drops then as filtered', async () => {
    let drops = false;
    const harness = createHarness({
      functions: {
        bundle: [defineFunction({ name: 'check', handler: (event) => (drops && event.data === 'b' ? null : event) })],
      },
    });
    await withRule(harness, { steps: [split, { compute: 'check' }] });
    let failures = 2;
    harness.answer = ({ body }) => new Response(null, { status: body !== '"a"' && failures-- > 0 ? 503 : 200 });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'] }));
    await harness.drain();
    drops = true;
    await harness.drain(harness.now + 3_600_000);
    expect(harness.received.map(({ body }) => body)).toEqual(['"a"', '"b"', '"c"', '"c"']);
    expect(await harness.deliveries('status=filtered')).toMatchObject([{ parts: [2] }]);
  });
});

describe('a step that breaks in a way nobody thought of', () => {
  it('keeps nobody else of the batch from being delivered, is reported, and tried again', async () => {
    const trap = new Proxy(new Error('x'), {
      getPrototypeOf() {
        throw new TypeError('trap');
      },
    });
    let broken = true;
    const harness = createHarness({
      functions: {
        bundle: [
          defineFunction({
            name: 'odd',
            handler(event) {
              if (broken) throw trap;
              return event;
            },
          }),
        ],
      },
    });
    await withRule(harness, { steps: [{ compute: 'odd' }] }, 'odd');
    await withRule(harness, {}, 'plain');
    await harness.publish(createEvent('e1'));
    await harness.drain();
    expect(harness.received).toHaveLength(1);
    broken = false;
    await harness.drain(harness.now + 3_600_000);
    expect(harness.received).toHaveLength(2);
    expect(await harness.deliveries('status=delivered')).toHaveLength(2);
  });
});

describe('an event of which the steps leave nothing', () => {
  it('ends as filtered at each target, and no target hears of it', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [split],
      targets: ['a', 'b'].map((name) => ({ name, http: { url: `https://${name}.example.com/` } })),
    });
    await harness.publish(createEvent('e1', { data: [] }));
    await harness.drain();
    expect(harness.received).toEqual([]);
    expect(await harness.deliveries('status=filtered')).toMatchObject([{ eventId: 'e1' }, { eventId: 'e1' }]);
  });
});

describe('what steps did', () => {
  it('is in the history: paths, never values', async () => {
    const harness = createHarness();
    await withRule(harness, {
      steps: [{ redact: { paths: ['data.phone', 'data.other'] } }, { transform: { jsonata: 'data' } }],
    });
    await harness.publish(createEvent('e1', { data: { phone: '110-secret' } }));
    await harness.drain();
    const records = await harness.deliveries('event=e1');
    expect(records).toMatchObject([
      { status: 'delivered', steps: [{ step: 0, kind: 'redact', outcome: 'done', touched: ['data.phone'] }] },
    ]);
    expect(JSON.stringify(records)).not.toContain('secret');
  });

  it('tells of a step that failed and was passed by', async () => {
    const harness = createHarness();
    await withRule(harness, { steps: [{ transform: { jsonata: '$uppercase(1)' }, onError: 'passThrough' }] });
    await harness.publish(createEvent('e1'));
    await harness.drain();
    expect(harness.received).toHaveLength(1);
    expect(await harness.deliveries('event=e1')).toMatchObject([
      { steps: [{ outcome: 'passedThrough', reason: expect.stringContaining('Step 1 (transform)') as string }] },
    ]);
  });
});

describe('chance in a step', () => {
  it('is the same for every attempt, and another for every event', async () => {
    const harness = createHarness();
    await withRule(harness, { steps: [{ transform: { jsonata: '[$random(), $millis()]' } }] });
    let refusals = 2;
    harness.answer = () => new Response(null, { status: refusals-- > 0 ? 503 : 200 });
    await harness.publish([createEvent('e1'), createEvent('e2')]);
    await harness.drain(harness.now + 3_600_000);
    const bodies = harness.received.map(({ body }) => body);
    expect(bodies).toHaveLength(4);
    expect(bodies.slice(2)).toEqual(bodies.slice(0, 2));
    expect(bodies[0]).not.toBe(bodies[1]);
  });
});
