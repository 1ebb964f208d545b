import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCesql } from '../../../../functions/filter/cesql/cesql.ts';
import { explain } from '../../../../functions/filter/explain.ts';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';

const atom = fc.constantFrom(
  "type = 'a'",
  "n = '7'",
  "n = '07'",
  'n = 7',
  "type LIKE 'a%'",
  "type LIKE '%a'",
  "n LIKE '_%'",
  "n LIKE '7%'",
  "vip LIKE 't%e'",
  "'a' LIKE 'a'",
  "type IN ('a', 'b')",
  "n IN ('7', '8')",
  "n IN ('07')",
  "vip IN ('TRUE')",
  'EXISTS n',
  'EXISTS data',
  "NOT (type = 'a')",
  "type NOT LIKE 'a%'",
  "type != 'a'",
  'vip',
);
const expression = fc
  .array(fc.tuple(fc.constantFrom(' AND ', ' OR ', ' XOR '), atom), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map(([operator, text], index) => (index === 0 ? text : operator + text)).join(''));
const event = fc.record(
  { type: fc.constantFrom('a', 'b', 'ab', 'ba', ''), n: fc.constantFrom(7, '7', '07', 8), vip: fc.boolean() },
  { requiredKeys: [] },
);

describe('CloudEvents SQL as a filter', () => {
  it('passes exactly the events for which the expression is true without an error', () => {
    fc.assert(
      fc.property(expression, event, (sql, event) => {
        const index = createRuleIndex<string>();
        index.add('rule', { sql });
        const { value, errors } = compileCesql(sql).evaluate(event);
        expect(index.match(JSON.stringify({ ...event, data: 'a' })).length === 1, sql).toBe(
          value === true && errors.length === 0,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it.each([["'true'"], ['1'], ["missing = ''"], ['NOT EXISTS id OR 1/0 = 0'], ['TRUE OR FALSE AND FALSE']])(
    'does not take %s for true',
    (sql) => {
      const index = createRuleIndex<string>();
      index.add('rule', { sql });
      expect(index.match('{"id":"1","data":{}}')).toEqual([]);
    },
  );

  it('explains what went wrong', () => {
    const { matched, predicates } = explain({ sql: 'INT(id) > 1' }, '{"id":"x"}');
    expect(matched).toBe(false);
    expect(predicates.at(-1)).toMatchObject({
      operator: 'sql',
      actual: { id: 'x' },
      note: expect.stringMatching(/32-bit/),
    });
  });

  it('refuses what does not compile, with the place', () => {
    expect(() => createRuleIndex().add('rule', { sql: 'type = ' })).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place: '/sql expression:8' }),
    );
  });
});
