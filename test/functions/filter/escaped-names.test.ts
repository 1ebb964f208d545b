import { expect, it } from 'vitest';
import { explain } from '../../../functions/filter/explain.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';

it('reads names with escapes right after a hostile text (nodejs/node#63785)', () => {
  const filter = { eventmesh: { data: { a: [{ exists: false }] } } };
  const index = createRuleIndex<string>();
  index.add('rule', filter);
  const event = (data: string) => `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`;
  index.match(event(String.raw`{"zz":1,"\\":1}`), { mode: 'validated' });
  const text = event(String.raw`{"zz":1,"\u0061":1}`);
  expect(index.match(text, { mode: 'validated' })).toEqual([]);
  expect(explain(filter, text).matched).toBe(false);
});
