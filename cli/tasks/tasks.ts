import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';

export const tasks = defineCommand({
  name: 'connectors tasks',
  summary: 'Show how far the tasks of a connector are, how far behind, and why they fail',
  words: ['NAME'],
  ofBus: true,
  examples: ['tulle connectors tasks orders-feed --bus orders', 'tulle connectors tasks orders-feed --json'],
  async run({ words: [name = ''], session, output }) {
    const found = await session.client().bus(session.bus).connectors.tasks(name);
    output.list(found, taskColumns);
    return found.some(({ state }) => state === 'failing') ? 1 : 0;
  },
  details: 'The exit code is 1 while one of them fails.',
});
