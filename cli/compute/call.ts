import { defineCommand } from '../define-command.ts';
import { usageError } from '../command.ts';
import { openEvents } from '../publish/open-events.ts';

export const call = defineCommand({
  name: 'functions call',
  summary: 'Give an event to a function and print what it makes of it',
  details: 'Nothing is published but what the function itself emits.',
  words: ['NAME', '[FILE]'],
  ofBus: true,
  examples: [
    'tulle functions call order-priority events/order-paid.json',
    'tulle functions call geo-fence - < car.json',
  ],
  async run({ words: [name = '', file = '-'], session, output }) {
    const events = [];
    for await (const some of openEvents([file]).events) events.push(...some);
    const [event] = events;
    if (event === undefined || events.length > 1) throw usageError('A call takes one event.', 'Give a file with one.');
    const answers = await session.client().functions.call(name, event, { bus: session.bus });
    output.document(answers, () => answers.map((answer) => JSON.stringify(answer, null, 2)).join('\n'));
    if (answers.length === 0) output.note(`${name} dropped the event.`);
  },
});
