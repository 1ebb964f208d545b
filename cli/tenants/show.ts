import { defineCommand } from '../define-command.ts';
import { toUsageRows, usageColumns } from './usage.ts';

export const show = defineCommand({
  name: 'tenants show',
  summary: 'Show what a tenant has of its quotas',
  words: ['NAME'],
  examples: ['tulle tenants show acme', 'tulle tenants show acme --json'],
  async run({ words: [name = ''], session, output }) {
    const { tenants } = session.client().admin;
    const usage = await tenants.usage(name);
    if (output.json) output.document({ ...(await tenants.get(name)).document, usage }, () => '');
    else output.list(toUsageRows(usage), usageColumns);
  },
});
