import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { whyOption } from '../terminal/why.ts';

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
    ...whyOption,
  },
  examples: ["tulle tenants add-key acme --description 'the first'"],
  async run({ words: [name = ''], values: { role = 'admin', bus: buses, description, why }, session, output }) {
    if (role === '') throw usageError('--role is empty.', 'tulle tenants add-key acme --role admin');
    const input = {
      role,
      buses: buses.length === 0 ? ['*'] : buses,
      ...(description === undefined ? {} : { description }),
    };
    const made = await session.client().admin.tenants.createKey(name, input, { why });
    output.document(made, () => made.key);
    output.note(`The key ${made.id} of ${name} is shown this once: keep it.`);
  },
});
