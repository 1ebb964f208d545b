import { defineCommand } from '../define-command.ts';
import { taskColumns } from './columns.ts';
import { whyOption } from '../terminal/why.ts';

export const pause = defineCommand({
  name: 'connectors pause',
  summary: 'Pause a connector; what its tasks are at is stored',
  words: ['NAME'],
  ofBus: true,
  options: whyOption,
  examples: ['tulle connectors pause orders-feed --bus orders'],
  async run({ words: [name = ''], values, session, output }) {
    output.list(await session.client().bus(session.bus).connectors.pause(name, values), taskColumns);
  },
});
