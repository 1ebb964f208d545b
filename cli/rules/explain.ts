import type { TracedRule } from '../../client/history.ts';
import { CommandError, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { eventOptions, readTestedEvents } from './tested-events.ts';

export const explain = defineCommand({
  name: 'rules explain',
  summary: 'Say why rules took an event that was published, or would take one that is not, or do not',
  words: ['[EVENT]', '[RULE]'],
  ofBus: true,
  options: {
    event: { ...eventOptions.event, description: 'a file of events that need not be published, - for the input' },
  },
  examples: [
    'tulle rules explain order-1',
    'tulle rules explain order-1 to-crm --bus orders',
    'tulle rules explain --event order.json to-crm --bus orders',
  ],
  async run({ words, values: { event: files }, session, output }) {
    if (files.length > 0) {
      const toBody = await readTestedEvents({ event: files, last: undefined, functions: undefined });
      const { events } = await session.client().admin.testRules(session.bus, toBody(words[0]));
      const lines = events.flatMap(({ id, rules }) => rules.map((one) => ({ id, ...one })));
      output.list(lines, {
        event: ({ id }) => id,
        rule: ({ rule }) => rule,
        takes: ({ matches, enabled }) => (matches ? (enabled === false ? 'disabled' : 'yes') : 'no'),
        why: toReason,
      });
      return;
    }
    const [id, rule] = words;
    if (id === undefined) throw usageError('Which event?', 'Give its id, or a file with --event FILE.');
    const { events } = await session.client().bus(session.bus).trace(id, { rule });
    const [event] = events;
    if (event === undefined) {
      throw new CommandError(`The event ${id} is not kept any more, only its deliveries.`, {
        mend: 'tulle events show has them.',
      });
    }
    output.list(event.rules, {
      rule: (one) => one.rule,
      took: ({ planned }) => (planned ? 'yes' : 'no'),
      why: toReason,
    });
  },
});

export function toReason({ matches, failing, reason }: Pick<TracedRule, 'matches' | 'failing' | 'reason'>): string {
  if (failing !== undefined) {
    const { path, operator, expected, found, note } = failing;
    const why = `${path} is ${found}, and ${operator} asks for ${JSON.stringify(expected)}`;
    return note === undefined ? why : `${why} (${note})`;
  }
  return reason ?? (matches === false ? 'it does not match' : '');
}
