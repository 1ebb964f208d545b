import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';
import { whyOption } from '../terminal/why.ts';

export const resume = defineCommand({
  name: 'connectors resume',
  summary: 'Let a paused connector go on',
  words: ['NAME'],
  ofBus: true,
  options: whyOption,
  examples: ['tulle connectors resume orders-feed --bus orders'],
  async run({ words: [name = ''], values, session, output }) {
    output.list(await session.client().bus(session.bus).connectors.resume(name, values), taskColumns);
  },
});
