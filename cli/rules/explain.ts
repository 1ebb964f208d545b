import type { TracedRule } from '../../client/history.ts';
import { CommandError } from '../command.ts';
import { defineCommand } from '../define-command.ts';

export const explain = defineCommand({
  name: 'rules explain',
  summary: 'Say why rules took an event that was published, or did not',
  words: ['EVENT', '[RULE]'],
  ofBus: true,
  examples: ['tulle rules explain order-1', 'tulle rules explain order-1 to-crm --bus orders'],
  async run({ words: [id = '', rule], session, output }) {
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

export function toReason({ matches, failing, reason }: TracedRule): string {
  if (failing !== undefined) {
    const { path, operator, expected, found, note } = failing;
    const why = `${path} is ${found}, and ${operator} asks for ${JSON.stringify(expected)}`;
    return note === undefined ? why : `${why} (${note})`;
  }
  return reason ?? (matches === false ? 'it does not match' : '');
}
