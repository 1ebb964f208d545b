import type { TailOptions } from '../../client/tail.ts';
import { usageError } from '../command.ts';

/** Which events are meant, of those that come in. */
export const tailOptions = {
  type: { type: 'string', description: 'of this type' },
  source: { type: 'string', description: 'of this source' },
  rule: { type: 'string', value: 'RULE', description: 'that this rule took' },
  filter: {
    type: 'string',
    value: 'JSON',
    description: 'that this filter of a rule matches; for keys that may see data',
  },
} as const;

export function readFilter(
  { type, source, rule, filter }: { readonly [Name in keyof typeof tailOptions]: string | undefined },
  note: (text: string) => void,
): TailOptions {
  return {
    type,
    source,
    rule,
    ...(filter === undefined ? {} : { filter: parse(filter) }),
    onInterruption: ({ message }, pauseMs) => note(`${message} Trying again in ${Math.round(pauseMs / 1_000)} s.`),
  };
}

function parse(filter: string): unknown {
  try {
    return JSON.parse(filter);
  } catch {
    throw usageError(
      '--filter is no JSON.',
      `Give the filter of a rule: --filter '{ "pattern": { "type": ["order.paid"] } }'`,
    );
  }
}
