import { nouns } from '../../client/configuration.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { nounsOfBus, planFolder } from './plan.ts';
import { countActions, noteWarnings, printOutcomes, toSentence } from './print-plan.ts';
import { whyOption } from '../terminal/why.ts';

export const apply: Command = applyCommand(
  'apply',
  'Make the installation as a folder of YAML and JSON documents says, in one piece',
);
export const rulesApply: Command = applyCommand('rules apply', 'The same as tulle apply');

function applyCommand(name: string, summary: string): Command {
  return defineCommand({
    name,
    summary,
    details: `All kinds of documents: ${Object.keys(nouns).join(', ')}. Everything becomes true at once, or nothing; what somebody else has changed since it was compared is refused.`,
    words: ['FOLDER'],
    options: {
      prune: {
        type: 'boolean',
        description: `delete ${nounsOfBus.join(' and ')} of its buses that the folder does not have`,
      },
      enable: { type: 'boolean', description: 'enable targets that signed off; else they stay disabled' },
      'dry-run': { type: 'boolean', description: 'show what would change, and change nothing' },
      ...whyOption,
      ...yesOption,
    },
    examples: [`tulle ${name} configuration`, `tulle ${name} configuration --prune --yes --why 'release 42'`],
    async run({ words: [folder = ''], values: { prune, enable, yes, why, 'dry-run': dryRun }, session, output }) {
      const client = session.client();
      const progress = output.progress();
      try {
        const plan = await planFolder(client, folder, { prune, enable, progress });
        const { edits, outcomes, unchanged, warnings, kept } = plan;
        const counts = countActions(outcomes);
        if (!output.json) printOutcomes(output, outcomes);
        noteWarnings(output, warnings);
        if (kept.length > 0) output.note(`stays disabled: ${kept.join(', ')}; --enable enables what signed off`);
        if (outcomes.length === 0 || dryRun) {
          const said = outcomes.length === 0 ? 'no changes' : `would be ${toSentence(counts)}`;
          if (output.json) output.document({ dryRun, ...counts, unchanged, warnings, edits: outcomes }, () => '');
          output.note(said);
          return;
        }
        if (counts.deleted > 0) {
          progress.end();
          await confirm(`Delete ${counts.deleted} of them?`, { yes });
        }
        const publishing = output.progress();
        publishing.say(`publishing ${edits.length.toLocaleString('en-US')} changes`);
        const { change, edits: made } = await client.admin.change({ edits, why }).finally(() => publishing.end());
        if (output.json) {
          output.document({ dryRun, change, ...counts, unchanged, warnings, edits: made }, () => '');
        }
        output.note(`${toSentence(counts)}: change ${change ?? 'made by somebody else'}`);
      } finally {
        progress.end();
      }
    },
  });
}
