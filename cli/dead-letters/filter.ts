import type { DeadLetterFilter } from '../../client/history.ts';
import { readTime } from '../terminal/time.ts';

/** Which dead letters are meant. */
export const filterOptions = {
  rule: { type: 'string', value: 'RULE', description: 'of this rule' },
  target: { type: 'string', value: 'TARGET', description: 'for this target' },
  type: { type: 'string', description: 'of events of this type' },
  source: { type: 'string', description: 'of events of this source' },
  event: { type: 'string', value: 'ID', description: 'of the event of this id' },
  before: {
    type: 'string',
    value: 'TIME',
    description: 'given up before this: 2026-01-31T12:00:00Z, or 2h for two hours ago',
  },
} as const;

export function toFilter(values: {
  readonly [Name in keyof typeof filterOptions]: string | undefined;
}): DeadLetterFilter & { readonly isEmpty: boolean } {
  const { rule, target, type, source, event, before } = values;
  const filter = { rule, target, type, source, event, before: readTime('before', before) };
  const isEmpty = Object.values(filter).every((value) => value === undefined);
  // Not sent: the API refuses what it does not know.
  return Object.defineProperty({ ...filter, isEmpty }, 'isEmpty', { enumerable: false });
}
