/** One expression, and the same in JavaScript. */
export interface TransformCase {
  readonly name: string;
  readonly expression: string;
  /** What the step makes of the result. */
  readonly output: 'data' | 'event';
  readonly byHand: (event: Order) => unknown;
  /** How many times as fast as the `jsonata` package it has to be. */
  readonly wanted: number;
}

export type Order = ReturnType<typeof order>;

/** From an expression that only looks something up to one that copies the event. */
export const transformCases: readonly TransformCase[] = [
  {
    name: 'path',
    expression: 'data.customer.name',
    output: 'data',
    byHand: ({ data }) => data.customer.name,
    wanted: 20,
  },
  {
    name: 'filter',
    expression: '$sum(data.items.(price * quantity)) > 100 and type = "order.created"',
    output: 'data',
    byHand: ({ data, type }) => total(data.items) > 100 && type === 'order.created',
    wanted: 10,
  },
  {
    name: 'reshape',
    expression: `{
      "order": data.id,
      "customer": data.customer.name,
      "total": $sum(data.items.(price * quantity)),
      "items": data.items.{ "sku": sku, "count": quantity },
      "source": source
    }`,
    output: 'data',
    byHand: ({ data, source }) => ({
      order: data.id,
      customer: data.customer.name,
      total: total(data.items),
      items: data.items.map(({ sku, quantity }) => ({ sku, count: quantity })),
      source,
    }),
    wanted: 10,
  },
  {
    name: 'merge',
    expression: '$merge([$, { "type": "billing." & type, "subject": data.id, "priority": data.express ? 1 : 2 }])',
    output: 'event',
    byHand: (event) => ({
      ...event,
      type: `billing.${event.type}`,
      subject: event.data.id,
      priority: event.data.express ? 1 : 2,
    }),
    wanted: 8,
  },
];

/** Events of one shape, with two to four items. */
export function orders(count: number): Order[] {
  return Array.from({ length: count }, (_, index) => order(index));
}

function order(index: number) {
  return {
    specversion: '1.0',
    id: `4f1f2c4e-0d6f-4d0e-9a3b-${String(index).padStart(12, '0')}`,
    source: '/shop/checkout',
    type: index % 4 === 0 ? 'order.changed' : 'order.created',
    time: '2026-11-21T10:20:30.123Z',
    datacontenttype: 'application/json',
    data: {
      id: `o-${index}`,
      express: index % 3 === 0,
      customer: { name: `Ada ${index}`, email: `ada${index}@example.com`, country: 'GB' },
      items: Array.from({ length: 2 + (index % 3) }, (_, item) => ({
        sku: `A-${index}-${item}`,
        price: 9.99 + index,
        quantity: 1 + item,
      })),
      note: 'Please deliver between 9 and 17 o clock, ring twice',
    },
  };
}

function total(items: Order['data']['items']): number {
  return items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
}
