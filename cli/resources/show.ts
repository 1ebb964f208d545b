import { type Noun, nouns } from '../../client/configuration.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { toYaml } from '../terminal/yaml.ts';

/** `tulle rules show NAME` and its like. */
export function showCommand(noun: Noun): Command {
  const { ofBus, kind } = nouns[noun];
  return defineCommand({
    name: `${noun} show`,
    summary: `Show one ${kind} as a document that can be applied again`,
    details: 'What is secret in it is never shown.',
    words: ['NAME'],
    ofBus,
    examples: [`tulle ${noun} show orders`, `tulle ${noun} show orders > ${kind}.yaml`],
    async run({ words: [name = ''], session, output }) {
      const { document } = await session.client().admin.get(noun, { name, bus: session.bus });
      const text = await toYaml(document);
      output.document(document, () => text);
    },
  });
}
