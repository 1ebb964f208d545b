import { defineCommand } from './define-command.ts';
import { toUsageRows, usageColumns } from './tenants/usage.ts';

export const usage = defineCommand({
  name: 'usage',
  summary: 'Show what there is of buses, rules, targets and keys, and the quotas of the tenant',
  details: 'Takes a key of every bus. Events are a mean a second, in the process that answers.',
  examples: ['tulle usage', 'tulle usage --json'],
  async run({ session, output }) {
    const found = await session.client().admin.usage();
    if (output.json) output.document(found, () => '');
    else output.list(toUsageRows(found), usageColumns);
  },
});
