import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';

export const revoke = defineCommand({
  name: 'keys revoke',
  summary: 'Delete an API key, by its id',
  words: ['ID'],
  options: yesOption,
  examples: ['tulle keys revoke 0123456789abcdef --yes'],
  async run({ words: [id = ''], values: { yes }, session, output }) {
    const { keys } = session.client().admin;
    await confirm(`Revoke the key ${id}?`, { yes });
    await keys.revoke(id);
    if (output.json) output.document({ revoked: id }, () => '');
    else output.note(`Revoked ${id}.`);
  },
});
