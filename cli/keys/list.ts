import { collect } from '../../client/collect.ts';
import { defineCommand } from '../define-command.ts';

export const list = defineCommand({
  name: 'keys list',
  summary: 'List the API keys; the keys themselves are known to nobody',
  examples: ['tulle keys list', 'tulle keys list --json'],
  async run({ session, output }) {
    const keys = await collect(session.client().admin.keys.list());
    output.list(
      keys.map(({ document }) => document),
      {
        id: ({ id }) => id,
        role: ({ role }) => role,
        buses: ({ buses }) => buses.join(','),
        expires: ({ expires }) => expires ?? 'never',
        description: ({ description }) => description,
      },
    );
  },
});
