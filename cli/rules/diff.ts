import { CommandError, exitCodes } from '../command.ts';
import { planFolder } from '../configuration/plan.ts';
import { countActions, printOutcomes, toSentence } from '../configuration/print-plan.ts';
import { defineCommand } from '../define-command.ts';

export const diff = defineCommand({
  name: 'rules diff',
  summary: 'Show how a folder of documents differs from what is there',
  details: 'Ends with 0 where it does not, with 2 where it does, and with 1 where that is not known.',
  words: ['FOLDER'],
  options: {
    prune: { type: 'boolean', description: 'also rules and archives of its buses that the folder does not have' },
  },
  examples: ['tulle rules diff configuration', 'tulle rules diff configuration --prune --json'],
  async run({ words: [folder = ''], values: { prune }, session, output }) {
    const progress = output.progress();
    try {
      const { outcomes, unchanged } = await planFolder(session.client(), folder, { prune, progress });
      progress.end();
      if (output.json) output.document({ ...countActions(outcomes), unchanged, edits: outcomes }, () => '');
      else printOutcomes(output, outcomes);
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

function asFailure({ message, mend, cause }: CommandError): CommandError {
  return new CommandError(message, { ...(mend === undefined ? {} : { mend }), cause });
}
