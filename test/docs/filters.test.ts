import { describe, expect, it } from 'vitest';
import { explain } from '../../functions/filter/explain.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { readBlocks } from './markdown.ts';

/**
 * An `event` block is what the filters below it are asked about; `matches`, `no-match` and `refused` blocks have one
 * filter, or a list of them.
 */
describe.each(['cesql', 'subscriptions', 'eventmesh', 'jsonata'])('docs/filters/%s.md', (page) => {
  const path = `docs/filters/${page}.md`;
  const blocks = readBlocks(path).filter(({ language }) => language === 'json');
  let event = '{}';

  it('has examples of each kind', () => {
    expect(new Set(blocks.map(({ note }) => note))).toEqual(new Set(['event', 'matches', 'no-match', 'refused']));
  });

  for (const { line, note, text } of blocks) {
    if (note === 'event') {
      event = text;
      continue;
    }
    const json = event;
    for (const filter of [JSON.parse(text) as Filter | Filter[]].flat()) {
      it(`line ${line}, ${note}: ${JSON.stringify(filter)}`, () => expect(outcome(filter, json)).toBe(note));
    }
  }
});

function outcome(filter: Filter, json: string): string {
  const index = createRuleIndex<string>();
  try {
    index.add('rule', filter);
  } catch (error) {
    expect(error).toMatchObject({
      code: 'filter_invalid',
      place: expect.any(String),
      mend: expect.stringMatching(/./),
    });
    return 'refused';
  }
  const matched = index.match(json).length === 1;
  expect(explain(filter, json).matched).toBe(matched);
  return matched ? 'matches' : 'no-match';
}
