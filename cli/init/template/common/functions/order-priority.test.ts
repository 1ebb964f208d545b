import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryFunction } from 'tulle/testing';
import { orderPriority } from './order-priority.ts';

test('an order above 100 is urgent', async () => {
  const { events } = await tryFunction(orderPriority, { type: 'order.paid', data: { total: 129.8 } });
  assert.deepEqual(
    events.map(({ data }) => data),
    [{ total: 129.8, priority: 'high' }],
  );
});

test('an order without a total is refused', async () => {
  await assert.rejects(tryFunction(orderPriority, { type: 'order.paid', data: {} }));
});
