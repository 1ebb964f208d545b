import type { RuleTest } from '../../client/rule-test.ts';
import { CommandError } from '../command.ts';
import { readFolder } from '../configuration/read-folder.ts';
import { defineCommand } from '../define-command.ts';
import { printable } from '../terminal/output.ts';
import { toTestText } from './print-test.ts';
import { eventOptions, readTestedEvents } from './tested-events.ts';

export const test = defineCommand({
  name: 'rules test',
  summary: 'Show what rules make of events, and the requests that would be sent; nothing is',
  details:
    'Without a name, all rules of the bus. Events are CloudEvents, or events of EventBridge. What comes from a secret is masked.',
  words: ['[RULE]'],
  ofBus: true,
  options: {
    file: { type: 'string', value: 'FILE', description: 'instead: the rules of a file or folder, stored or not' },
    ...eventOptions,
  },
  examples: [
    'tulle rules test --event event.json',
    'tulle rules test to-crm --last 10 --bus orders',
    'tulle rules test --file rules/to-crm.yaml --event - --json',
  ],
  async run({ words: [name], values: { file, ...events }, session, output }) {
    const { admin } = session.client();
    const toBody = await readTestedEvents(events);
    if (file === undefined) {
      const result = await admin.testRules(session.bus, toBody(name));
      output.document(result, () => toText(result));
      return;
    }
    const rules = (await readFolder(file)).map(({ document }) => document).filter(({ kind }) => kind === 'rule');
    const wanted = rules.filter((rule) => name === undefined || rule.name === name);
    if (wanted.length === 0) throw new CommandError(`There is no such rule in ${file}.`);
    const results: RuleTest[] = [];
    for (const rule of wanted) results.push(await admin.testRules(rule.bus ?? session.bus, toBody(rule)));
    output.document(results, () => results.map(toText).join('\n\n'));
  },
});

function toText(result: RuleTest): string {
  return toTestText(result).split('\n').map(printable).join('\n');
}
