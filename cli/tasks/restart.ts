import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { taskColumns } from './columns.ts';
import { whyOption } from '../terminal/why.ts';

export const restart = defineCommand({
  name: 'connectors restart',
  summary: 'Pull again from a position, or from the start',
  words: ['NAME'],
  ofBus: true,
  options: {
    position: { type: 'string', value: 'JSON', description: 'as tasks --json shows it (default the start)' },
    task: { type: 'string', value: 'N', description: 'only the task with this number, from 0 (default all)' },
    ...whyOption,
    ...yesOption,
  },
  examples: [
    'tulle connectors restart orders-feed --bus orders --yes',
    `tulle connectors restart orders-feed --position '{"next":"1200"}' --task 0 --yes`,
  ],
  async run({ words: [name = ''], values, session, output }) {
    const position = values.position === undefined ? undefined : readPosition(values.position);
    const partition = values.task === undefined ? undefined : Number(values.task);
    if (partition !== undefined && !Number.isInteger(partition)) throw usageError('--task is no number.', 'Such as 0.');
    const from = position === undefined ? 'the start' : 'that position';
    await confirm(`Pull ${name} again from ${from}?`, { yes: values.yes });
    const { connectors } = session.client().bus(session.bus);
    const input = {
      ...(position === undefined ? {} : { position }),
      ...(partition === undefined ? {} : { partition }),
    };
    const tasks = await connectors.restart(name, input, values);
    output.list(tasks, taskColumns);
  },
});

function readPosition(text: string): object {
  try {
    const position: unknown = JSON.parse(text);
    if (typeof position === 'object' && position !== null && !Array.isArray(position)) return position;
  } catch {
    // Said below.
  }
  throw usageError('--position is no JSON object.', 'Give it as tasks --json shows it, such as \'{"next":"1200"}\'.');
}
