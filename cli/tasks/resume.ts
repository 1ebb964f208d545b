import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';

export const resume = defineCommand({
  name: 'connectors resume',
  summary: 'Let a paused connector go on',
  words: ['NAME'],
  ofBus: true,
  examples: ['tulle connectors resume orders-feed --bus orders'],
  async run({ words: [name = ''], session, output }) {
    output.list(await session.client().bus(session.bus).connectors.resume(name), taskColumns);
  },
});
