import type { Address, Edit } from '../../client/configuration.ts';
import type { Client } from '../../client/client.ts';
import { usageError } from '../command.ts';
import { countActions, printOutcomes, toSentence } from '../configuration/print-plan.ts';
import { defineCommand } from '../define-command.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { whyOption } from '../terminal/why.ts';

export const rollback = defineCommand({
  name: 'rules rollback',
  summary: 'Have everything again as it was after a change',
  details: 'Every document that was changed since is restored, as one new change. Keys are left as they are.',
  words: ['CHANGE'],
  options: {
    'dry-run': { type: 'boolean', description: 'show what would change, and change nothing' },
    ...whyOption,
    ...yesOption,
  },
  examples: ['tulle rules rollback 41 --dry-run', "tulle rules rollback 41 --yes --why 'release 42 was wrong'"],
  async run({ words: [text = ''], values: { yes, why, 'dry-run': dryRun }, session, output }) {
    if (!/^[1-9]\d{0,11}$/.test(text))
      throw usageError(`${text} is no number of a change.`, 'tulle audit list has them.');
    const client = session.client();
    const edits = await findEdits(client, Number(text));
    if (edits.length === 0) {
      output.note('no changes');
      return;
    }
    const { edits: wanted } = await client.admin.change({ edits, dryRun: true });
    const outcomes = wanted.filter(({ action }) => action !== 'unchanged');
    const counts = countActions(outcomes);
    if (!output.json) printOutcomes(output, outcomes);
    if (dryRun || outcomes.length === 0) {
      if (output.json) output.document({ dryRun, ...counts, edits: outcomes }, () => '');
      output.note(outcomes.length === 0 ? 'no changes' : `would be ${toSentence(counts)}`);
      return;
    }
    await confirm(`Go back to change ${text}?`, { yes });
    const { change, edits: made } = await client.admin.change({ edits, why: why ?? `back to change ${text}` });
    if (output.json) output.document({ dryRun, change, ...counts, edits: made }, () => '');
    output.note(`${toSentence(counts)}: change ${change ?? 'made by somebody else'}`);
  },
});

/** Everything that was changed since, restored to what it was then. */
async function findEdits(client: Client, to: number): Promise<Edit[]> {
  const touched = new Map<string, { readonly address: Address; readonly newest: string; oldest: number }>();
  let last = 0;
  for await (const { change, entries } of client.admin.changes()) {
    last = Math.max(last, change);
    if (change <= to) break;
    for (const { action, kind, bus, name } of entries) {
      if (kind === 'key') continue;
      const key = `${kind}/${bus ?? ''}/${name}`;
      const known = touched.get(key);
      const address = { kind, name, ...(bus === undefined ? {} : { bus }) };
      if (known === undefined) touched.set(key, { address, newest: action, oldest: change });
      else known.oldest = change;
    }
  }
  if (to > last) throw usageError(`There is no change ${to}, the last one is ${last}.`, 'tulle audit list has them.');
  const edits: Edit[] = [];
  for (const { address, newest, oldest } of touched.values()) {
    // What is gone, and was not there then, has nothing to be restored.
    if (newest === 'deleted' && !(await wasThereBefore(client, address, oldest))) continue;
    edits.push({ restore: address, to });
  }
  return edits;
}

async function wasThereBefore(client: Client, { kind, bus, name }: Address, change: number): Promise<boolean> {
  const { entries } = await client.admin.readChange(change);
  const own = entries.find((entry) => entry.kind === kind && entry.bus === bus && entry.name === name);
  return own?.before !== undefined;
}
