import { describe, expect, it } from 'vitest';
import { explain } from '../../functions/filter/explain.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { readBlocks } from './markdown.ts';

interface Example {
  pattern?: unknown;
  eventbridge?: unknown;
  matches?: unknown[];
  differs?: unknown[];
  /** Where the pattern is refused, in the pattern. */
  refused?: string;
}

const examples = readBlocks('docs/filters/event-pattern.md')
  .filter(({ note }) => note === 'example')
  .map(({ text }) => JSON.parse(text) as Example);

describe('docs/filters/event-pattern.md', () => {
  it('has an example of every operator', () => {
    const all = JSON.stringify(examples.map(({ pattern }) => pattern));
    for (const name of [
      'prefix',
      'suffix',
      'equals-ignore-case',
      'wildcard',
      'anything-but',
      'numeric',
      'exists',
      'cidr',
      '$or',
    ]) {
      expect(all).toContain(`"${name}"`);
    }
  });

  it.each(examples)(
    'tells the truth about $pattern$eventbridge',
    ({ pattern, eventbridge, matches = [], differs = [], refused }) => {
      const filter: Filter = pattern === undefined ? { eventbridge } : { pattern };
      const index = createRuleIndex<string>();
      if (refused !== undefined) {
        expect(() => index.add('rule', filter)).toThrow(expect.objectContaining({ place: `/pattern${refused}` }));
        return;
      }
      index.add('rule', filter);
      expect(matches.length * differs.length).toBeGreaterThan(0);
      for (const [events, isMatch] of [
        [matches, true],
        [differs, false],
      ] as const) {
        for (const event of events) {
          const json = JSON.stringify(event);
          expect(index.match(json).length === 1, json).toBe(isMatch);
          expect(index.match(json, { mode: 'trusted' }).length === 1, json).toBe(isMatch);
          expect(explain(filter, json).matched, json).toBe(isMatch);
        }
      }
    },
  );
});
