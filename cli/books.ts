import { defineCommand } from './define-command.ts';

export const books = defineCommand({
  name: 'books',
  summary: 'Show what became of every delivery that was ever planned, and whether the books balance',
  details: 'Ends with 1 where they do not.',
  ofBus: true,
  examples: ['tulle books --bus orders', 'tulle books --json'],
  async run({ session, output }) {
    const read = await session.client().bus(session.bus).books();
    const { planned, delivered, deadLettered, disabled, expired, filtered, quarantined, pending, balanced } = read;
    if (output.json) output.document(read, () => '');
    else {
      const counts = { planned, delivered, deadLettered, disabled, expired, filtered, quarantined, pending };
      output.list(Object.entries(counts), { what: ([what]) => what, deliveries: ([, count]) => count });
      const said =
        balanced === undefined
          ? 'There is too much in the queue to be counted.'
          : `The books ${balanced ? '' : 'do not '}balance.`;
      output.note(said);
    }
    return balanced === false ? 1 : 0;
  },
});
