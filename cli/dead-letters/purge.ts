import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { filterOptions, toFilter } from './filter.ts';
import { whyOption } from '../terminal/why.ts';

export const purge = defineCommand({
  name: 'dlq purge',
  summary: 'Throw dead letters away: one by its id, or all that match',
  words: ['[ID]'],
  ofBus: true,
  options: {
    ...filterOptions,
    all: { type: 'boolean', description: 'every dead letter of the bus' },
    ...whyOption,
    ...yesOption,
  },
  examples: ['tulle dlq purge 0-17 --yes', 'tulle dlq purge --rule to-crm --before 7d --yes'],
  async run({ words: [id], values, session, output }) {
    const { deadLetters } = session.client().bus(session.bus);
    const filter = toFilter(values);
    if (id !== undefined && (!filter.isEmpty || values.all)) {
      throw usageError('Give an id or a filter, not both.', 'Leave one of them out.');
    }
    if (id === undefined && filter.isEmpty && !values.all) {
      throw usageError('Which ones?', 'Give an id, a filter such as --rule, or --all.');
    }
    await confirm(`Throw ${id ?? (filter.isEmpty ? 'every dead letter' : 'all that match')} away?`, {
      yes: values.yes,
    });
    let purged = 0;
    if (id !== undefined) {
      await deadLetters.delete(id, values);
      purged = 1;
    } else {
      const progress = output.progress();
      try {
        for await (const page of deadLetters.purgeAll(filter, values)) {
          purged += page.purged;
          progress.say(`${purged.toLocaleString('en-US')} thrown away`);
        }
      } finally {
        progress.end();
      }
    }
    output.document({ purged }, () => `${purged} thrown away`);
  },
});
