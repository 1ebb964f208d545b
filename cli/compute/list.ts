import { defineCommand } from '../define-command.ts';

export const list = defineCommand({
  name: 'functions list',
  summary: 'List the functions that the rules of a bus may call, and where they run',
  ofBus: true,
  examples: ['tulle functions list', 'tulle functions list --bus orders --json'],
  async run({ session, output }) {
    output.list(await session.client().functions.list({ bus: session.bus }), {
      name: ({ name }) => name,
      runs: ({ runs }) => runs,
      description: ({ description }) => description,
    });
  },
});
