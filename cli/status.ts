import { collect } from '../client/collect.ts';
import { defineCommand } from './define-command.ts';

export const status = defineCommand({
  name: 'status',
  summary: 'Show whether the changes of each bus have arrived',
  details: 'Ends with 1 while one of them has not.',
  examples: ['tulle status', 'tulle status --json'],
  async run({ session, output }) {
    const buses = await collect(session.client().admin.status());
    output.list(buses, {
      bus: ({ bus }) => bus,
      live: ({ live }) => (live ? 'yes' : 'no'),
      rules: ({ rules }) => rules,
      version: ({ version }) => version,
      'age (s)': ({ ageSeconds }) => ageSeconds,
    });
    return buses.every(({ live }) => live) ? 0 : 1;
  },
});
