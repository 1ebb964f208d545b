import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';

export const run = defineCommand({
  name: 'connectors run',
  summary: 'Pull at once, whatever the schedule says',
  words: ['NAME'],
  ofBus: true,
  examples: ['tulle connectors run orders-feed --bus orders'],
  async run({ words: [name = ''], session, output }) {
    output.list(await session.client().bus(session.bus).connectors.run(name), taskColumns);
  },
});
