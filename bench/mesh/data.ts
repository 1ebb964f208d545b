import type { Rule } from '../../mesh/snapshot.ts';

/** 100 rules of the usual operators; `com.example.order.created` from `/shop` matches exactly one of them. */
export function createRules(): Rule[] {
  const filters = Array.from({ length: 100 }, (_, index) => {
    const type = `com.example.kind${index}`;
    switch (index % 5) {
      case 0:
        return { type: [type], source: ['/shop'] };
      case 1:
        return { type: [{ prefix: `${type}.` }] };
      case 2:
        return { subject: [{ suffix: `/${index}` }], type: [type] };
      case 3:
        return { type: [type], data: { amount: [{ numeric: ['>', index * 10] }] } };
      default:
        return { source: [{ 'anything-but': ['/shop'] }], data: { country: [`C${index}`] } };
    }
  });
  filters[50] = { type: ['com.example.order.created'], source: ['/shop'] };
  return filters.map((pattern, index) => ({
    name: `rule-${index}`,
    enabled: true,
    filter: { pattern },
    steps: [],
    targets: [
      {
        name: 'sink',
        kind: 'http',
        options: { url: 'https://sink.example.com/events', content: 'batch', batchSize: 1000 },
        retry: { maxAttempts: 24, maxAgeSeconds: 259_200 },
      },
    ],
  }));
}

/** A CloudEvent of about 470 bytes. */
export function createEvent(id: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/shop',
    type: 'com.example.order.created',
    subject: 'orders/4711',
    time: '2026-11-01T12:34:56.789Z',
    datacontenttype: 'application/json',
    data: {
      orderId: 4711,
      customer: { id: 'c-2093', name: 'Ada Lovelace', mail: 'ada@example.com', country: 'GB' },
      items: [
        { sku: 'A-1', quantity: 2, price: 19.9 },
        { sku: 'B-7', quantity: 1, price: 149.0 },
      ],
      amount: 188.8,
      currency: 'EUR',
      notes: 'leave at the door',
    },
  });
}
