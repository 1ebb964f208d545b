import { defineCommand } from '../define-command.ts';
import { toYaml } from '../terminal/yaml.ts';

export const show = defineCommand({
  name: 'replay show',
  summary: 'Show how far a replay is',
  words: ['NAME'],
  ofBus: true,
  examples: ['tulle replay show fill-crm --bus orders --json'],
  async run({ words: [name = ''], session, output }) {
    const replay = await session.client().bus(session.bus).replays.get(name);
    const text = await toYaml(replay);
    output.document(replay, () => text);
  },
});
