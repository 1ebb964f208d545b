import type { ChangeSummary } from '../../client/configuration.ts';
import { defineCommand } from '../define-command.ts';
import { take } from '../terminal/take.ts';
import { readCount } from '../terminal/time.ts';

export const list = defineCommand({
  name: 'audit list',
  summary: 'List what was changed, newest first: when, by which key, why, and what',
  options: { limit: { type: 'string', value: 'N', description: 'at most so many (default 50)' } },
  examples: ['tulle audit list', 'tulle audit list --limit 1000 --json'],
  async run({ values: { limit }, session, output }) {
    const changes = session.client().admin.changes();
    output.list(await take(changes, readCount('limit', limit, { absent: 50 })), {
      change: ({ change }) => change,
      at: ({ at }) => at,
      by: ({ by }) => by,
      what: toWhat,
      why: ({ why }) => why,
    });
  },
});

function toWhat({ operation, entries }: ChangeSummary): string {
  if (operation !== undefined) return toAction(operation);
  const [first] = entries;
  if (first === undefined) return '';
  const { action, kind, bus, name } = first;
  const more = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
  return `${action} ${kind} ${bus === undefined ? '' : `${bus}/`}${name}${more}`;
}

/** Such as `pause target orders: crm/hook`. */
function toAction({ action, bus, details }: NonNullable<ChangeSummary['operation']>): string {
  const { deadLetters } = details;
  const named = ['rule', 'target', 'name', 'connector'].flatMap((member) => textOf(details[member]));
  if (typeof deadLetters === 'number') named.push(`${deadLetters} dead letters`);
  return `${action} ${bus}${named.length === 0 ? '' : `: ${named.join('/')}`}`;
}

function textOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : [];
}
