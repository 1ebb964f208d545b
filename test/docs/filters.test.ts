import { describe, expect, it } from 'vitest';
import { explain } from '../../functions/filter/explain.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import { readBlocks } from './markdown.ts';

/**
 * An `json event` block is what the filters below it are asked about; `jsonl` blocks `matches`, `no-match` and `refused` have one
 * filter a line.
 */
describe.each(['cesql', 'subscriptions', 'eventmesh', 'jsonata'])('docs/filters/%s.md', (page) => {
  const path = `docs/filters/${page}.md`;
  const blocks = readBlocks(path);
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
    for (const filter of text.trimEnd().split('\n')) {
      it(`line ${line}, ${note}: ${filter}`, () => expect(outcome(JSON.parse(filter) as Filter, json)).toBe(note));
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
