import { readFile } from 'node:fs/promises';
import { CommandError, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { parseExactJson } from '../exact-json.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { filterOptions, toFilter } from './filter.ts';
import { whyOption } from '../terminal/why.ts';

export const redrive = defineCommand({
  name: 'dlq redrive',
  summary: 'Send dead letters again: one by its id, or all that match',
  details: 'The rule is used as it is now, so mend it first.',
  words: ['[ID]'],
  ofBus: true,
  options: {
    ...filterOptions,
    all: { type: 'boolean', description: 'every dead letter of the bus' },
    edited: { type: 'string', value: 'FILE', description: 'send this event instead of the one that came in' },
    ...whyOption,
    ...yesOption,
  },
  examples: ['tulle dlq redrive 0-17 --bus orders', 'tulle dlq redrive --rule to-crm --before 1h --yes'],
  async run({ words: [id], values, session, output }) {
    const { deadLetters } = session.client().bus(session.bus);
    const filter = toFilter(values);
    if (id !== undefined) {
      if (!filter.isEmpty || values.all)
        throw usageError('Give an id or a filter, not both.', 'Leave one of them out.');
      const event = values.edited === undefined ? undefined : await readEvent(values.edited);
      await deadLetters.redrive(id, event, values);
      if (output.json) output.document({ redriven: 1, skipped: 0 }, () => '');
      else output.note(`Sent ${id} again.`);
      return;
    }
    if (values.edited !== undefined) throw usageError('--edited is for one dead letter.', 'Give its id.');
    if (filter.isEmpty && !values.all)
      throw usageError('Which ones?', 'Give an id, a filter such as --rule, or --all.');
    await confirm(`Send ${filter.isEmpty ? 'every dead letter' : 'all that match'} again?`, { yes: values.yes });
    const progress = output.progress();
    const total = { redriven: 0, skipped: 0 };
    try {
      for await (const { redriven, skipped } of deadLetters.redriveAll(filter, values)) {
        total.redriven += redriven;
        total.skipped += skipped;
        progress.say(`${total.redriven.toLocaleString('en-US')} sent again`);
      }
    } finally {
      progress.end();
    }
    output.document(total, () => `${total.redriven} sent again, ${total.skipped} skipped`);
    if (total.skipped > 0) output.note('Skipped are those whose rule or target is gone or disabled.');
  },
});

async function readEvent(file: string): Promise<unknown> {
  try {
    return parseExactJson(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new CommandError(`${file} cannot be read as JSON.`, { mend: 'It has to hold one CloudEvent.', cause });
  }
}
