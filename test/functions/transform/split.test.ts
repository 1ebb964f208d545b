import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runSteps } from './context.ts';

describe('split', () => {
  it('makes each element the data of an event of its own', async () => {
    const event = newEvent({
      subject: 's',
      datacontenttype: 'application/vnd.x+json',
      data: { items: [{ a: 1 }, 'b', null] },
    });
    const events = await runSteps([{ split: { path: 'data.items' } }], event);
    expect(events.map(({ id, subject, data }) => ({ id, subject, data }))).toEqual([
      { id: 'e1-1', subject: 's', data: { a: 1 } },
      { id: 'e1-2', subject: 's', data: 'b' },
      { id: 'e1-3', subject: 's', data: null },
    ]);
  });

  it('keeps what is around the element, where that is wished', async () => {
    const event = newEvent({ data: { order: { id: 7, lines: [[1], [2]] }, n: 1 } });
    const events = await runSteps([{ split: { path: 'data.order.lines', rest: 'keep' } }], event);
    expect(events.map(({ data }) => data)).toEqual([
      { order: { id: 7, lines: [1] }, n: 1 },
      { order: { id: 7, lines: [2] }, n: 1 },
    ]);
  });

  it('shares nothing between the events', async () => {
    const event = newEvent({ data: { shared: { a: 1 }, items: [1, 2] } });
    const steps = [{ split: { path: 'data.items', rest: 'keep' } }, { rename: { 'data.shared.a': 'data.shared.b' } }];
    const events = await runSteps(steps, event);
    expect(events.map(({ data }) => data)).toEqual([
      { shared: { b: 1 }, items: 1 },
      { shared: { b: 1 }, items: 2 },
    ]);
  });

  it('takes one element of an array of arrays, and the data itself', async () => {
    const pages = newEvent({ data: [{ items: [1] }, { items: [2, 3] }] });
    const second = await runSteps([{ split: { path: 'data[1].items' } }], pages);
    expect(second.map(({ data }) => data)).toEqual([2, 3]);
    for (const rest of ['drop', 'keep'])
      expect(await runSteps([{ split: { path: 'data', rest } }], pages)).toHaveLength(2);
  });

  it('leaves the id of an only part as it is, and no event of an empty array', async () => {
    const one = await runSteps([{ split: { path: 'data' } }], newEvent({ data: [5] }));
    expect(one).toMatchObject([{ id: 'e1', data: 5 }]);
    expect(await runSteps([{ split: { path: 'data' } }], newEvent({ data: [] }))).toEqual([]);
  });

  it.each([{ data: {} }, { data: { items: {} } }, { data: 'text' }, {}, { data_base64: 'AA==' }])(
    'fails on %j',
    async (payload) => {
      const error = await failureOf([{ split: { path: 'data.items' } }], newEvent(payload));
      expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/split/path' });
    },
  );

  it('has bounds', async () => {
    const many = newEvent({ data: Array.from({ length: 1001 }, () => 0) });
    expect(await failureOf([{ split: { path: 'data' } }], many)).toMatchObject({ code: 'step_failed' });
    const large = newEvent({ data: { rest: 'x'.repeat(10_000), items: Array.from({ length: 1000 }, () => 0) } });
    const error = await failureOf([{ split: { path: 'data.items', rest: 'keep' } }], large);
    expect(error.message).toContain('4194304');
    expect(await runSteps([{ split: { path: 'data.items' } }], large)).toHaveLength(1000);
  });

  it.each([
    { path: 'subject' },
    { path: 'data.*' },
    { path: 'data.a[*]' },
    { path: 'data.**.a' },
    { path: 'data', rest: 'copy' },
    {},
  ])('is refused with %j', async (spec) => {
    expect(await failureOf([{ split: spec }])).toMatchObject({ code: 'step_invalid' });
  });

  it('makes as many events as there are elements, in their order, with ids of their own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 20 }), async (items) => {
        const json = JSON.parse(JSON.stringify(items)) as unknown[];
        const events = await runSteps([{ split: { path: 'data.items' } }], newEvent({ data: { items: json } }));
        expect(events.map(({ data }) => data)).toEqual(json);
        expect(new Set(events.map(({ id }) => id)).size).toBe(json.length);
      }),
    );
  });
});
