import { expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { newEvent, runSteps, runToEvent } from './context.ts';

it('every reshaping step runs inside workerd', async () => {
  const steps = [
    { original: {} },
    { merge: { region: 'eu', data: { shop: { open: true } } } },
    { rename: { 'data.mail': 'data.customer.email' } },
    { omit: { paths: ['data.**.secret'] } },
    { split: { path: 'data.items', rest: 'keep' } },
    { pick: { paths: ['data.items', 'data.customer', 'data.shop'] } },
    { flatten: { separator: '_' } },
  ];
  const items = [{ sku: 'a', secret: 1 }, { sku: 'b' }];
  const events = await runSteps(steps, newEvent({ data: { id: 1, mail: 'ann@example.com', items } }));
  expect(events.map(({ id, data }) => [id, data])).toEqual([
    ['e1-1', { items_sku: 'a', customer_email: 'ann@example.com', shop_open: true }],
    ['e1-2', { items_sku: 'b', customer_email: 'ann@example.com', shop_open: true }],
  ]);
});

it('numbers stay as they were written inside workerd', async () => {
  const event = fromJson(
    '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":10.0,"b":[12345678901234567890]}}',
  );
  const byTemplate = {
    template: { values: { a: '$.data.a', b: '$.data.b[0]' }, template: '{"a": ${a}, "b": "${b}"}' },
  };
  expect((await runToEvent([byTemplate], event)).json).toContain('"data":{"a":10.0,"b":"12345678901234567890"}');
  const byInput = { inputTransformer: { inputPathsMap: { d: '$.detail' }, inputTemplate: '{"d": <d>}' } };
  expect((await runToEvent([byInput], event)).json).toContain('"data":{"d":{"a":10.0,"b":[12345678901234567890]}}');
});
