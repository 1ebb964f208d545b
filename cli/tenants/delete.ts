import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { whyOption } from '../terminal/why.ts';

export const remove = defineCommand({
  name: 'tenants delete',
  summary: 'Delete a tenant with its keys, rules, secrets and events; its history of changes stays',
  details:
    'Nobody gets in any more when this ends; what it stored goes in the minutes after. Its name is not used again.',
  words: ['NAME'],
  options: { ...whyOption, ...yesOption },
  examples: ["tulle tenants delete acme --yes --why 'they left'"],
  async run({ words: [name = ''], values: { why, yes }, session, output }) {
    const { tenants } = session.client().admin;
    await confirm(`Delete the tenant ${name} with everything that it has?`, { yes });
    const { done } = await tenants.delete(name, { why });
    if (output.json) output.document({ deleted: name, done }, () => '');
    else output.note(done ? `Deleted ${name}.` : `${name} is shut; the rest of it goes in the next minutes.`);
  },
});
