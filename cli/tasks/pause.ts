import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';

export const pause = defineCommand({
  name: 'connectors pause',
  summary: 'Pause a connector; what its tasks are at is stored',
  words: ['NAME'],
  ofBus: true,
  examples: ['tulle connectors pause orders-feed --bus orders'],
  async run({ words: [name = ''], session, output }) {
    output.list(await session.client().bus(session.bus).connectors.pause(name), taskColumns);
  },
});
