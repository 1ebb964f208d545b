import { type Noun, nouns } from '../../client/configuration.ts';
import { collect } from '../../client/collect.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';

/** `tulle rules list` and its like. */
export function listCommand(noun: Noun): Command {
  const { ofBus } = nouns[noun];
  return defineCommand({
    name: `${noun} list`,
    summary: `List the ${noun}${ofBus ? ' of a bus' : ''}`,
    ofBus,
    examples: [`tulle ${noun} list`, `tulle ${noun} list --json`],
    async run({ session, output }) {
      const items = await collect(session.client().admin.list(noun, session.bus));
      output.list(items, {
        name: ({ document }) => document.name,
        version: ({ version }) => version,
        description: ({ document }) => (document['description'] ?? '') as string,
      });
    },
  });
}
