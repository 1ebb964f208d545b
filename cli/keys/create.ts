import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { whyOption } from '../terminal/why.ts';

export const create = defineCommand({
  name: 'keys create',
  summary: 'Make an API key; it is printed this once',
  options: {
    role: { type: 'string', value: 'ROLE', description: 'publisher, subscriber, viewer, operator or admin' },
    bus: {
      type: 'string',
      value: 'BUS',
      multiple: true,
      short: 'b',
      description: 'for this bus; may be given again, "*" for all',
    },
    expires: { type: 'string', value: 'TIME', description: 'until then: 2027-01-31T12:00:00Z (default for ever)' },
    description: { type: 'string', description: 'what it is for' },
    ...whyOption,
  },
  examples: [
    "tulle keys create --role publisher --bus orders --description 'the shop'",
    "tulle keys create --role viewer --bus '*' --json | jq -r .key",
  ],
  async run({ values: { role, bus: buses, expires, description, why }, session, output }) {
    if (role === undefined || buses.length === 0) {
      throw usageError('--role and --bus say what it may do.', 'tulle keys create --role publisher --bus orders');
    }
    const input = {
      role,
      buses,
      ...(expires === undefined ? {} : { expires }),
      ...(description === undefined ? {} : { description }),
    };
    const made = await session.client().admin.keys.create(input, { why });
    output.document(made, () => made.key);
    output.note(`The key ${made.id} is shown this once: keep it.`);
  },
});
