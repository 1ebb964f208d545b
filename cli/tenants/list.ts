import { collect } from '../../client/collect.ts';
import { defineCommand } from '../define-command.ts';

export const list = defineCommand({
  name: 'tenants list',
  summary: "List the tenants beside default, with the operator's own key",
  examples: ['tulle tenants list', 'tulle tenants list --json'],
  async run({ session, output }) {
    const tenants = await collect(session.client().admin.tenants.list());
    output.list(
      tenants.map(({ document }) => document),
      {
        name: ({ name }) => name,
        state: ({ deleting, deleted }) => (deleted ? 'deleted' : deleting ? 'deleting' : 'there'),
        quotas: ({ quotas = {} }) =>
          Object.entries(quotas)
            .map(([quota, most]) => `${quota}=${most}`)
            .join(' '),
        description: ({ description }) => description,
      },
    );
  },
});
