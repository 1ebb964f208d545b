import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectorsClient, Difference, VerifyInput } from '../../client/connectors.ts';
import { exitCodes, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';

export const verify = defineCommand({
  name: 'connectors verify',
  summary: 'Compare what a connector pulls with what a target has',
  words: ['NAME'],
  ofBus: true,
  options: {
    target: { type: 'string', value: 'RULE/TARGET', description: 'the target that the rule delivers to' },
    wait: {
      type: 'string',
      value: 'SECONDS',
      description: 'how long differences may last: changes on their way are some (default 10)',
    },
  },
  examples: [
    'tulle connectors verify orders --target orders/warehouse',
    'tulle connectors verify orders --target orders/warehouse --wait 60 --json',
  ],
  details:
    'The last record of each key goes through the filter and the steps of the rule; the target is asked whether it has what comes out, and whether it has more. Nothing is changed. The exit code is 2 where something is different.',
  async run({ words: [name = ''], values, session, output }) {
    const [rule = '', target = '', rest] = (values.target ?? '').split('/');
    if (rule === '' || target === '' || rest !== undefined) {
      throw usageError('--target is no RULE/TARGET.', 'Such as --target orders/warehouse.');
    }
    const seconds = Number(values.wait ?? 10);
    if (!(seconds >= 0)) throw usageError('--wait is no number of seconds.', 'Such as --wait 60.');
    const { connectors } = session.client().bus(session.bus);
    const ends = { rule, target };
    const found = await goThrough(connectors, name, ends);
    const differences = await lookAgain(connectors, name, ends, { differences: found.differences, seconds });
    const result = { ...found, ...settle(found, differences), differences };
    output.document(result, () => toText(result));
    return differences.length === 0 ? exitCodes.done : exitCodes.differs;
  },
});

type Ends = Pick<VerifyInput, 'rule' | 'target'>;

interface Result {
  /** Keys of each side that were looked at. */
  readonly source: number;
  readonly target?: number;
  readonly differences: readonly Difference[];
}

/** Both sides, a page after the other. */
async function goThrough(connectors: ConnectorsClient, name: string, ends: Ends): Promise<Result> {
  const differences: Difference[] = [];
  const checked = { source: 0, target: 0 };
  for (const side of ['source', 'target'] as const) {
    let after: string | undefined;
    do {
      const page = await connectors.verify(name, { ...ends, side, after });
      differences.push(...page.differences);
      checked[side] += page.checked;
      if (page.keysDiffer) {
        const rest = await restOf(connectors, name, ends, page.next);
        return { source: checked.source + rest.source, differences: [...differences, ...rest.differences] };
      }
      after = page.next;
    } while (after !== undefined);
  }
  return { ...checked, differences };
}

/** Where keys are others, only the source can be gone through. */
async function restOf(
  connectors: ConnectorsClient,
  name: string,
  ends: Ends,
  from: string | undefined,
): Promise<Result> {
  const differences: Difference[] = [];
  let source = 0;
  for (let after = from; after !== undefined;) {
    const page = await connectors.verify(name, { ...ends, side: 'source', after });
    differences.push(...page.differences);
    source += page.checked;
    after = page.next;
  }
  return { source, differences };
}

/** What was under way when it was looked at is the same a moment later. */
async function lookAgain(
  connectors: ConnectorsClient,
  name: string,
  ends: Ends,
  { differences, seconds }: { readonly differences: readonly Difference[]; readonly seconds: number },
): Promise<readonly Difference[]> {
  let left = differences;
  for (let waited = 0; left.length > 0 && waited < seconds;) {
    const wait = Math.min(seconds - waited, 1 + waited);
    await pause(wait * 1000);
    waited += wait;
    const keys = [...new Set(left.map(({ key }) => key))];
    const next: Difference[] = [];
    for (let start = 0; start < keys.length; start += KEYS) {
      const page = await connectors.verify(name, { ...ends, keys: keys.slice(start, start + KEYS) });
      next.push(...page.differences);
    }
    left = next;
  }
  return left;
}

/** What was missing and has arrived since is among the keys of the target, and what was too much and is gone is not. */
function settle({ target, differences }: Result, left: readonly Difference[]): Pick<Result, 'target'> {
  if (target === undefined) return {};
  const open = new Set(left.map(({ key }) => key));
  const settled = differences.filter(({ key }) => !open.has(key));
  const count = (wanted: Difference['kind']): number => settled.filter(({ kind }) => kind === wanted).length;
  return { target: target + count('missing') - count('extra') };
}

const KEYS = 500;
const SHOWN = 100;

function toText({ source, target, differences }: Result): string {
  const counts =
    target === undefined ? `${source} keys of the source` : `${source} keys of the source, ${target} of the target`;
  const lines = differences.slice(0, SHOWN).map(({ kind, key, columns = [], reason = '' }) => {
    const more = [...columns, ...(reason === '' ? [] : [reason])].join(', ');
    return `${kind} ${key}${more === '' ? '' : `: ${more}`}`;
  });
  if (differences.length > SHOWN) lines.push(`and ${differences.length - SHOWN} more: --json shows all`);
  if (target === undefined) lines.push('The keys of the target are others: what it has besides was not looked for.');
  const what = differences.length === 0 ? 'the same' : `${differences.length} different`;
  return [...lines, `${counts}: ${what}`].join('\n');
}
