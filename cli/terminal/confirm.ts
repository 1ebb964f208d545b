import { CommandError, exitCodes, usageError } from '../command.ts';
import { isInteractive } from './interactive.ts';

/**
 * Asks before something is lost. `--yes` answers beforehand; where nobody can be asked it is needed.
 * @throws CommandError where the answer is no
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<void> {
  if (yes) return;
  if (!isInteractive()) throw usageError(`${question} Nobody can be asked here.`, 'Give --yes.');
  // Loaded where somebody is asked: it takes longer than all the rest.
  const { confirm: ask, isCancel } = await import('@clack/prompts');
  const answer = await ask({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer)) throw new CommandError('Nothing was done.', { exitCode: exitCodes.interrupted });
  if (!answer) throw new CommandError('Nothing was done.');
}

export const yesOption = { yes: { type: 'boolean', short: 'y', description: 'do not ask' } } as const;
