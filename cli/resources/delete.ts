import { type Noun, nouns } from '../../client/configuration.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { whyOption } from '../terminal/why.ts';

/** `tulle rules delete NAME` and its like. */
export function deleteCommand(noun: Noun): Command {
  const { ofBus, kind } = nouns[noun];
  return defineCommand({
    name: `${noun} delete`,
    summary: `Delete one ${kind}`,
    details: 'Its versions stay in the history.',
    words: ['NAME'],
    ofBus,
    options: { ...whyOption, ...yesOption },
    examples: [`tulle ${noun} delete orders --yes --why 'nobody needs it'`],
    async run({ words: [name = ''], values: { why, yes }, session, output }) {
      const client = session.client();
      await confirm(`Delete the ${kind} ${name}?`, { yes });
      await client.admin.delete(noun, { name, bus: session.bus }, { why });
      if (output.json) output.document({ deleted: name }, () => '');
      else output.note(`Deleted the ${kind} ${name}.`);
    },
  });
}
