import { type Noun, nouns, type Versioned } from '../../client/configuration.ts';
import { collect } from '../../client/collect.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import type { Columns } from '../terminal/output.ts';

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
        ...(noun === 'rules' ? ofRule : {}),
        description: ({ document }) => (document['description'] ?? '') as string,
      });
    },
  });
}

/** Whether events go there. */
const ofRule: Columns<Versioned> = {
  enabled: ({ document }) => (document['enabled'] === false ? 'no' : 'yes'),
  targets: ({ document }) =>
    (
      (document['targets'] ?? []) as readonly {
        readonly name: string;
        readonly paused?: true;
        readonly disabled?: object;
      }[]
    )
      .map(
        ({ name, paused, disabled }) =>
          `${name}${disabled !== undefined ? ' (off)' : paused === true ? ' (paused)' : ''}`,
      )
      .join(', '),
};
