import { defineCommand } from '../define-command.ts';
import { replayColumns } from './columns.ts';
import { whyOption } from '../terminal/why.ts';

export const cancel = defineCommand({
  name: 'replay cancel',
  summary: 'End a replay; what is in the queue is still delivered',
  words: ['NAME'],
  ofBus: true,
  options: whyOption,
  examples: ['tulle replay cancel fill-crm --bus orders'],
  async run({ words: [name = ''], values, session, output }) {
    const replay = await session.client().bus(session.bus).replays.cancel(name, values);
    if (output.json) output.document(replay, () => '');
    else output.list([replay], replayColumns);
  },
});
