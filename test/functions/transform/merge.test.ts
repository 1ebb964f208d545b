import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runSteps, runToEvent, runToOne } from './context.ts';

describe('merge', () => {
  it('sets attributes and members at any depth', async () => {
    const event = newEvent({ subject: 'old', data: { a: { b: 1, list: [1, 2] }, keep: true } });
    const spec = { subject: 'new', type: 't2', level: 5, data: { a: { c: 2, list: [3] }, keep: null, d: { e: 1 } } };
    expect(await runToOne([{ merge: spec }], event)).toMatchObject({
      ...spec,
      data: { a: { b: 1, c: 2, list: [3] }, keep: null, d: { e: 1 } },
    });
  });

  it('makes the data of an event without any', async () => {
    expect(await runToOne([{ merge: { data: { a: 1 } } }], newEvent())).toMatchObject({ data: { a: 1 } });
  });

  it.each([[{ data: [1] }], [{ data: 'text' }], [{ data_base64: 'AA==' }]])('fails on %j', async (payload) => {
    const error = await failureOf([{ merge: { data: { a: 1 } } }], newEvent(payload));
    expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/merge/data' });
  });

  it('replaces any payload by data that is no object', async () => {
    const event = newEvent({ data_base64: 'AA==', datacontenttype: 'image/png' });
    const after = await runToOne([{ merge: { data: [1] } }], event);
    expect(after).toMatchObject({ data: [1], datacontenttype: 'application/json' });
    const typed = await runToOne([{ merge: { data: 'a,b', datacontenttype: 'text/csv' } }], event);
    expect(typed).toMatchObject({ data: 'a,b', datacontenttype: 'text/csv' });
  });

  it('gives every event its own copy', async () => {
    const steps = [
      { split: { path: 'data' } },
      { merge: { data: { a: { b: 1 } } } },
      { rename: { 'data.a.b': 'data.a.c' } },
    ];
    const events = await runSteps(steps, newEvent({ data: [{}, { a: {} }, {}] }));
    expect(events.map(({ data }) => data)).toEqual([{ a: { c: 1 } }, { a: { c: 1 } }, { a: { c: 1 } }]);
  });

  it('takes __proto__ for a member like any other', async () => {
    const spec = JSON.parse('{"data":{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}}}}') as unknown;
    const after = await runToEvent([{ merge: spec }], newEvent({ data: {} }));
    expect(after.json).toContain('"data":{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}}}');
    expect(Object.prototype).not.toHaveProperty('a');
    expect(Object.prototype).not.toHaveProperty('b');
  });

  it.each([
    [{}, ''],
    [{ id: 'x' }, '/id'],
    [{ specversion: '1.0' }, '/specversion'],
    [{ data_base64: 'AA==' }, ''],
    [{ subject: null }, '/subject'],
    [{ subject: {} }, '/subject'],
    [{ Subject: 's' }, ''],
    [{ time: 'yesterday' }, '/time'],
    [{ level: 1.5 }, '/level'],
    [{ source: '' }, '/source'],
  ])('is refused with %j', async (spec, place) => {
    const error = await failureOf([{ merge: spec }]);
    expect(error).toMatchObject({ code: 'step_invalid' });
    expect(error.place).toContain(`/steps/0/merge${place}`);
  });
});
