import { defineFunction } from 'tulle';

/** Says how urgent an order is. An event that does not fit the schema never gets here. */
export const orderPriority = defineFunction({
  name: 'order-priority',
  description: 'Adds data.priority: high above 100, else normal',
  schema: {
    type: 'object',
    required: ['total'],
    properties: { total: { type: 'number' } },
  },
  handler(event) {
    const priority = event.data.total > 100 ? 'high' : 'normal';
    return { ...event, data: { ...event.data, priority } };
  },
});
