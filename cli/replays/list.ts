import { defineCommand } from '../define-command.ts';
import { replayColumns } from './columns.ts';

export const list = defineCommand({
  name: 'replay list',
  summary: 'List the replays of a bus, newest first, and how far they are',
  ofBus: true,
  examples: ['tulle replay list --bus orders'],
  async run({ session, output }) {
    output.list(await session.client().bus(session.bus).replays.list(), replayColumns);
  },
});
