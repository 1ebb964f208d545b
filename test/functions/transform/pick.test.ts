import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runToOne } from './context.ts';

const order = {
  id: 1,
  buyer: { name: 'n', phone: 'p3' },
  items: [{ sku: 'a', phone: 'p1' }, { sku: 'b' }, 'loose'],
  empty: {},
};

async function picked(paths: string[], data: unknown = order) {
  return (await runToOne([{ pick: { paths } }], newEvent({ data })))['data'];
}

describe('pick', () => {
  it.each([
    [['data.id'], { id: 1 }],
    [['data.buyer.name', 'data.id'], { id: 1, buyer: { name: 'n' } }],
    [['data.buyer', 'data.buyer.name'], { buyer: order.buyer }],
    [['data.items[*].sku'], { items: [{ sku: 'a' }, { sku: 'b' }] }],
    [['data.items.phone'], { items: [{ phone: 'p1' }, {}] }],
    [['data.items[1]', 'data.items[2]'], { items: [{ sku: 'b' }, 'loose'] }],
    [['data.**.phone'], { buyer: { phone: 'p3' }, items: [{ phone: 'p1' }] }],
    [['data.*.name'], { buyer: { name: 'n' }, items: [{}, {}], empty: {} }],
    [['data.id[*]', 'data.buyer[0].name'], { id: 1, buyer: { name: 'n' } }],
    [['data.empty'], { empty: {} }],
    [['data.none', 'data.id.x', 'data.items[9]'], { items: [] }],
    [['data.none'], {}],
    [['data.**.none'], {}],
  ])('%j', async (paths, expected) => {
    expect(await picked(paths)).toEqual(expected);
  });

  it('goes into data that is an array', async () => {
    expect(await picked(['data[*].a'], [{ a: 1, b: 2 }, { b: 3 }])).toEqual([{ a: 1 }, {}]);
    expect(await picked(['data.**.c'], [{ a: 1 }])).toEqual([]);
  });

  it('keeps attributes, and events without data', async () => {
    const event = newEvent({ subject: 's' });
    expect(await runToOne([{ pick: { paths: ['data.a'] } }], event)).toEqual(JSON.parse(event.json));
  });

  it.each([{ data: 'text' }, { data: 5 }, { data: null }, { data_base64: 'AA==' }])('fails on %j', async (payload) => {
    const error = await failureOf([{ pick: { paths: ['data.a'] } }], newEvent(payload));
    expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/pick/paths' });
  });

  it.each([[[]], [['subject']], [['data']], [['data.**']], [['data..a']], [['data.a', 'x.y']]])(
    'is refused with %j',
    async (paths) => expect(await failureOf([{ pick: { paths } }])).toMatchObject({ code: 'step_invalid' }),
  );

  it('lets no event pass it by', async () => {
    const error = await failureOf([{ pick: { paths: ['data.a'] }, onError: 'passThrough' }]);
    expect(error).toMatchObject({ code: 'step_invalid', place: '/steps/0/onError' });
  });
});
