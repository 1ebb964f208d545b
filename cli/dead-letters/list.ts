import { defineCommand } from '../define-command.ts';
import { timeText } from '../terminal/output.ts';
import { take } from '../terminal/take.ts';
import { readCount } from '../terminal/time.ts';
import { filterOptions, toFilter } from './filter.ts';

export const list = defineCommand({
  name: 'dlq list',
  summary: 'List the dead letters of a bus, newest first, with the reason',
  ofBus: true,
  options: { ...filterOptions, limit: { type: 'string', value: 'N', description: 'at most so many (default 50)' } },
  examples: ['tulle dlq list --bus orders', 'tulle dlq list --rule to-crm --json'],
  async run({ values, session, output }) {
    const letters = session.client().bus(session.bus).deadLetters.list(toFilter(values));
    output.list(await take(letters, readCount('limit', values.limit, { absent: 50 })), {
      id: ({ id }) => id,
      at: ({ at }) => timeText(at),
      event: ({ eventId }) => eventId,
      rule: ({ rule }) => rule,
      target: ({ target }) => target,
      code: ({ code }) => code,
      reason: ({ reason }) => reason,
    });
  },
});
