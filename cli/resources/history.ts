import { type Noun, nouns } from '../../client/configuration.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { take } from '../terminal/take.ts';
import { readCount } from '../terminal/time.ts';

/** `tulle rules history NAME` and its like. */
export function historyCommand(noun: Noun): Command {
  const { ofBus, kind } = nouns[noun];
  return defineCommand({
    name: `${noun} history`,
    summary: `List the versions of one ${kind}, newest first, with who and why`,
    words: ['NAME'],
    ofBus,
    options: { limit: { type: 'string', value: 'N', description: 'at most so many (default 50)' } },
    examples: [`tulle ${noun} history orders`],
    async run({ words: [name = ''], values: { limit }, session, output }) {
      const versions = session.client().admin.history(noun, { name, bus: session.bus });
      output.list(await take(versions, readCount('limit', limit, { absent: 50 })), {
        version: ({ version }) => version,
        at: ({ at }) => at,
        by: ({ by }) => by,
        state: ({ document }) => (document === undefined ? 'deleted' : 'stored'),
        why: ({ why }) => why,
      });
    },
  });
}
