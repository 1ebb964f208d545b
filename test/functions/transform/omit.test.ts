import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runToOne } from './context.ts';

const order = {
  id: 1,
  buyer: { name: 'n' },
  items: [
    { sku: 'a', cost: 1 },
    { sku: 'b', cost: { v: 2 } },
  ],
  tags: ['x', 'y'],
};

describe('omit', () => {
  it.each([
    [['data.id', 'data.items', 'data.tags'], { buyer: { name: 'n' } }],
    [['data.buyer.name'], { ...order, buyer: {} }],
    [['data.items[*].cost'], { ...order, items: [{ sku: 'a' }, { sku: 'b' }] }],
    [['data.**.cost', 'data.tags[0]'], { ...order, items: [{ sku: 'a' }, { sku: 'b' }], tags: ['y'] }],
    [['data.items[0]', 'data.items[1].cost'], { ...order, items: [{ sku: 'b' }] }],
    [['data.*'], {}],
    [['data.none', 'data.id.x', 'data.toString'], order],
  ])('%j', async (paths, expected) => {
    expect((await runToOne([{ omit: { paths } }], newEvent({ data: order })))['data']).toEqual(expected);
  });

  it('takes attributes and the whole payload', async () => {
    for (const payload of [{ data: 1 }, { data_base64: 'AA==' }]) {
      const event = newEvent({ subject: 's', level: 5, ...payload });
      const after = await runToOne([{ omit: { paths: ['subject', 'data', 'notthere'] } }], event);
      expect(after).toEqual({ specversion: '1.0', id: 'e1', source: '/shop', type: 'order.created', level: 5 });
    }
  });

  it('takes attributes of events whose payload it could not search', async () => {
    const after = await runToOne([{ omit: { paths: ['subject'] } }], newEvent({ subject: 's', data: 'text' }));
    expect(after).toMatchObject({ data: 'text' });
    const error = await failureOf([{ omit: { paths: ['subject', 'data.a'] } }], newEvent({ data: 'text' }));
    expect(error).toMatchObject({ code: 'step_failed', place: '/steps/0/omit/paths' });
  });

  it.each(['id', 'source', 'type', 'specversion', 'data_base64', 'Subject', 'subject.a', 'data.**', ''])(
    'is refused with the path %j',
    async (path) => {
      const error = await failureOf([{ omit: { paths: ['data.a', path] } }]);
      expect(error).toMatchObject({ code: 'step_invalid', place: '/steps/0/omit/paths/1' });
    },
  );
});
