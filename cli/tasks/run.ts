import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';
import { whyOption } from '../terminal/why.ts';

export const run = defineCommand({
  name: 'connectors run',
  summary: 'Pull at once, whatever the schedule says',
  words: ['NAME'],
  ofBus: true,
  options: whyOption,
  examples: ['tulle connectors run orders-feed --bus orders'],
  async run({ words: [name = ''], values, session, output }) {
    output.list(await session.client().bus(session.bus).connectors.run(name, values), taskColumns);
  },
});
