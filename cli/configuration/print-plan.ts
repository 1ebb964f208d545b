import { styleText } from 'node:util';
import type { EditOutcome } from '../../client/configuration.ts';
import { printable, type Output } from '../terminal/output.ts';
import { findDifferences } from './differences.ts';
import type { FileWarning } from './plan.ts';

/** What changes, one line a document and one a member. */
export function printOutcomes(output: Output, outcomes: readonly EditOutcome[]): void {
  const lines = toOutcomeLines(outcomes, process.stdout);
  if (lines.length > 0) output.document(undefined, () => lines.join('\n'));
}

export function toOutcomeLines(outcomes: readonly EditOutcome[], stream: NodeJS.WriteStream): string[] {
  const paint = (style: 'green' | 'red' | 'yellow', text: string): string =>
    styleText(style, printable(text), { stream });
  return outcomes.flatMap(({ action, kind, bus, name, before, after }) => {
    const what = `${kind} ${bus === undefined ? '' : `${bus}/`}${name}`;
    if (action === 'created') return [paint('green', `+ ${what}`)];
    if (action === 'deleted') return [paint('red', `- ${what}`)];
    const differences = findDifferences(before, after).map(printable);
    return [paint('yellow', `~ ${what}`), ...differences.slice(0, mostLines).map((line) => `    ${line}`)];
  });
}

/** What is most likely not meant, beside the data. */
export function noteWarnings(output: Pick<Output, 'note'>, warnings: readonly FileWarning[]): void {
  for (const { file, place, message, mend } of warnings.slice(0, mostLines)) {
    const where = [file, place].filter((part) => part !== '').join(': ');
    output.note(printable(`warning: ${where}: ${message} ${mend}`));
  }
  if (warnings.length > mostLines) output.note(`and ${warnings.length - mostLines} more warnings`);
}

export function countActions(
  outcomes: readonly EditOutcome[],
): Readonly<Record<'created' | 'changed' | 'deleted', number>> {
  const count = (wanted: EditOutcome['action']): number => outcomes.filter(({ action }) => action === wanted).length;
  return { created: count('created'), changed: count('changed'), deleted: count('deleted') };
}

export function toSentence(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([action, count]) => `${count.toLocaleString('en-US')} ${action}`)
    .join(', ');
}

const mostLines = 20;
