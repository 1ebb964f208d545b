import { defineCommand } from '../define-command.ts';
import { toYaml } from '../terminal/yaml.ts';

export const show = defineCommand({
  name: 'dlq show',
  summary: 'Show one dead letter with its attempts and the event as it came in',
  words: ['ID'],
  ofBus: true,
  examples: ['tulle dlq show 0-17 --bus orders', 'tulle dlq show 0-17 --json | jq .event'],
  async run({ words: [id = ''], session, output }) {
    const letter = await session.client({ exact: true }).bus(session.bus).deadLetters.get(id);
    const text = await toYaml(letter);
    output.document(letter, () => text);
  },
});
