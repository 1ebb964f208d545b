import type { Change } from '../../client/configuration.ts';
import { usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { take } from '../terminal/take.ts';
import { verifyChain } from './chain.ts';

export const verify = defineCommand({
  name: 'audit verify',
  summary: 'Check the chain of all changes, and print the hash of the last one',
  details:
    'Here it is checked that no number is missing and that each change names the hash of the one before. Whether a change has its own hash is answered by the server, since it is made over secrets that are never shown. Keep what is printed elsewhere and give it with --expect next time: then nobody, not even who runs the server, can have rewritten what was before.',
  options: {
    expect: { type: 'string', value: 'CHANGE=HASH', description: 'a change had this hash when it was last looked at' },
  },
  examples: ['tulle audit verify', 'tulle audit verify --expect 41=9f86d081884c7d65...'],
  async run({ values: { expect }, session, output }) {
    const { admin } = session.client();
    const expected = readExpected(expect);
    const [newest] = await take(admin.changes(), 1);
    const last = newest?.change ?? 0;
    const progress = output.progress();
    const walk = async function* (): AsyncGenerator<Change> {
      for (let from = 1; from <= last; from += atOnce) {
        progress.say(`${from.toLocaleString('en-US')} of ${last.toLocaleString('en-US')} changes`);
        const count = Math.min(atOnce, last - from + 1);
        yield* await Promise.all(Array.from({ length: count }, (_, index) => admin.readChange(from + index)));
      }
    };
    try {
      const { faults, hash } = await verifyChain(walk(), expected);
      if (expected !== undefined && expected.change > last) faults.push(`Change ${expected.change} is gone.`);
      progress.end();
      const result = {
        changes: last,
        intact: faults.length === 0,
        ...(last === 0 ? {} : { last: `${last}=${hash}` }),
        faults,
      };
      output.document(result, () => (faults.length > 0 ? faults.join('\n') : `${last}=${hash}`));
      output.note(faults.length > 0 ? 'The chain is broken.' : `Changes 1 to ${last}: none missing, none altered.`);
      return faults.length > 0 ? 1 : 0;
    } finally {
      progress.end();
    }
  },
});

const atOnce = 8;

function readExpected(text: string | undefined): { readonly change: number; readonly hash: string } | undefined {
  if (text === undefined) return undefined;
  const [, change, hash = ''] = /^([1-9]\d{0,11})=([0-9a-f]{64})$/.exec(text) ?? [];
  if (change === undefined)
    throw usageError('--expect is no CHANGE=HASH.', 'Give what tulle audit verify has printed.');
  return { change: Number(change), hash };
}
