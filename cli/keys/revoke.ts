import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { whyOption } from '../terminal/why.ts';

export const revoke = defineCommand({
  name: 'keys revoke',
  summary: 'Delete an API key, by its id',
  words: ['ID'],
  options: { ...whyOption, ...yesOption },
  examples: ["tulle keys revoke 0123456789abcdef --yes --why 'it was in a log'"],
  async run({ words: [id = ''], values: { why, yes }, session, output }) {
    const { keys } = session.client().admin;
    await confirm(`Revoke the key ${id}?`, { yes });
    await keys.revoke(id, { why });
    if (output.json) output.document({ revoked: id }, () => '');
    else output.note(`Revoked ${id}.`);
  },
});
