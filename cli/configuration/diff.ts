import { type Command, CommandError, exitCodes } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { nounsOfBus, planFolder } from './plan.ts';
import { countActions, noteWarnings, printOutcomes, toSentence } from './print-plan.ts';

export const diff: Command = diffCommand('diff', 'Show how a folder of documents differs from what is there');
export const rulesDiff: Command = diffCommand('rules diff', 'The same as tulle diff');

function diffCommand(name: string, summary: string): Command {
  return defineCommand({
    name,
    summary,
    details: 'Ends with 0 where it does not, with 2 where it does, and with 1 where that is not known.',
    words: ['FOLDER'],
    options: {
      prune: {
        type: 'boolean',
        description: `also ${nounsOfBus.join(' and ')} of its buses that the folder does not have`,
      },
    },
    examples: [`tulle ${name} configuration`, `tulle ${name} configuration --prune --json`],
    async run({ words: [folder = ''], values: { prune }, session, output }) {
      const progress = output.progress();
      try {
        const { outcomes, unchanged, warnings } = await planFolder(session.client(), folder, { prune, progress });
        progress.end();
        if (output.json) output.document({ ...countActions(outcomes), unchanged, warnings, edits: outcomes }, () => '');
        else printOutcomes(output, outcomes);
        noteWarnings(output, warnings);
        output.note(outcomes.length === 0 ? 'no changes' : toSentence(countActions(outcomes)));
        return outcomes.length === 0 ? exitCodes.done : exitCodes.differs;
      } catch (error) {
        // 2 says that it differs, and nothing else.
        if (error instanceof CommandError && error.exitCode === exitCodes.usage) throw asFailure(error);
        throw error;
      } finally {
        progress.end();
      }
    },
  });
}

function asFailure({ message, mend, cause }: CommandError): CommandError {
  return new CommandError(message, { ...(mend === undefined ? {} : { mend }), cause });
}
