import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';

export const addKey = defineCommand({
  name: 'tenants add-key',
  summary: 'Make an API key of a tenant, such as its first; it is printed this once',
  words: ['NAME'],
  options: {
    role: {
      type: 'string',
      value: 'ROLE',
      description: 'publisher, subscriber, viewer, operator or admin (default admin)',
    },
    bus: { type: 'string', value: 'BUS', multiple: true, short: 'b', description: 'for this bus (default "*", all)' },
    description: { type: 'string', description: 'what it is for' },
  },
  examples: ["tulle tenants add-key acme --description 'the first'"],
  async run({ words: [name = ''], values: { role = 'admin', bus: buses, description }, session, output }) {
    if (role === '') throw usageError('--role is empty.', 'tulle tenants add-key acme --role admin');
    const made = await session.client().admin.tenants.createKey(name, {
      role,
      buses: buses.length === 0 ? ['*'] : buses,
      ...(description === undefined ? {} : { description }),
    });
    output.document(made, () => made.key);
    output.note(`The key ${made.id} of ${name} is shown this once: keep it.`);
  },
});
