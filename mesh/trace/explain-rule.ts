import { TulleError } from '../../event/error.ts';
import { type Explanation, explain } from '../../functions/filter/explain.ts';
import type { Rule } from '../snapshot.ts';

/** Whether a rule takes an event as it is now and, where it does not, the first test that fails: no values of the event. */
export interface ExplainedRule {
  readonly matches: boolean;
  readonly failing?: {
    readonly path: string;
    readonly operator: string;
    /** What the filter asks for. */
    readonly expected: unknown;
    /** What the event has there: `string`, `number`, `boolean`, `null`, `object`, `array` or `missing`. */
    readonly found: string;
    readonly note?: string;
  };
  readonly reason?: string;
}

export function explainRule({ enabled, filter }: Rule, json: string, parsed: unknown): ExplainedRule {
  if (!enabled) return { matches: false, reason: 'the rule is disabled' };
  let explanation: Explanation;
  try {
    explanation = explain(filter, json);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return { matches: false, reason: `the filter cannot be explained: ${error.code}` };
  }
  return toExplained(explanation, parsed);
}

/** Names and kinds of an explanation. `parsed` is the event. */
export function toExplained({ matched, predicates }: Explanation, parsed: unknown): ExplainedRule {
  const line = matched ? undefined : predicates.find((predicate) => !predicate.matched);
  if (line === undefined) return { matches: matched };
  const { path, operator, expected, note } = line;
  // What an expression has to say of its failure may quote the event.
  const isExpression = operator === 'jsonata' || operator === 'sql';
  const said = note === undefined ? {} : { note: isExpression ? 'the expression failed on this event' : note };
  return { matches: false, failing: { path, operator, expected, found: kindsAt(parsed, path), ...said } };
}

/** A filter may look at several paths at once. */
function kindsAt(event: unknown, path: string): string {
  return path === ''
    ? 'object'
    : path
        .split(', ')
        .map((one) => kindAt(event, one) ?? 'missing')
        .join(', ');
}

/** Of the first value there, through arrays; names may have dots. */
function kindAt(value: unknown, path: string): string | undefined {
  if (path === '') return kindOf(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    return firstOf(value.slice(0, mostItems), (item) => kindAt(item, path));
  }
  return firstOf(Object.entries(value), ([name, member]) => {
    if (name === path) return kindOf(member);
    return path.startsWith(`${name}.`) ? kindAt(member, path.slice(name.length + 1)) : undefined;
  });
}

const mostItems = 100;

function firstOf<Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
