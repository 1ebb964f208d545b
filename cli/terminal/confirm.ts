import { createInterface } from 'node:readline/promises';
import { CommandError, usageError } from '../command.ts';

/**
 * Asks before something is lost. `--yes` answers beforehand; where nobody can be asked it is needed.
 * @throws CommandError where the answer is no
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<void> {
  if (yes) return;
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) throw usageError(`${question} Nobody can be asked here.`, 'Give --yes.');
  const terminal = createInterface({ input, output });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandError('Nothing was done.');
  } finally {
    terminal.close();
  }
}

export const yesOption = { yes: { type: 'boolean', short: 'y', description: 'do not ask' } } as const;
