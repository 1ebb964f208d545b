/** The length of every event's JSON text, in bytes. */
export const eventBytes = 1_024;

/** A CloudEvent of 1 KB of ASCII. `id` is at most 40 characters. */
export function createEvent(id: string): string {
  const event = {
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
      items: Array.from({ length: 8 }, (_, index) => ({ sku: `A-${index}`, quantity: index, price: 19.9 + index })),
      amount: 188.8,
      currency: 'EUR',
      notes: '',
    },
  };
  const missing = eventBytes - JSON.stringify(event).length;
  event.data.notes = 'leave at the door, '.repeat(60).slice(0, missing);
  return JSON.stringify(event);
}
