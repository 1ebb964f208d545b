import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../../functions/filter/explain.ts';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';
import { compileJsonata } from '../../../../functions/jsonata/jsonata.ts';

function matches(jsonata: string, event: unknown): boolean {
  const index = createRuleIndex<string>();
  index.add('rule', { jsonata });
  return index.match(JSON.stringify(event)).length === 1;
}

describe('JSONata as a filter', () => {
  const event = {
    type: 'order.paid',
    data: {
      total: 120,
      lines: [
        { sku: 'a', price: 20 },
        { sku: 'b', price: 100 },
      ],
    },
  };

  it.each([
    ['data.total > 100', true],
    ['$sum(data.lines.price) = data.total', true],
    ['type = "order.paid" and data.total >= 200', false],
    ['data.lines[price > 50].sku = "b"', true],
    ['"a" in data.lines.sku', true],
    ['$contains(type, /^order\\./)', true],
    ['data.lines', true],
    ['data.missing', false],
    ['$count(data.missing)', false],
    ['type ~> /paid$/', true],
    ['$sum', false],
  ])('%s is %s', (expression, answer) => {
    expect(matches(expression, event)).toBe(answer);
  });

  it.each([
    ['data.total > "100"'],
    ['$error("no")'],
    ['($f := function($n) { 1 + $f($n) }; $f(1))'],
    ['$sum([1..1000000])'],
  ])('lets nothing pass that fails: %s', (expression) => {
    expect(matches(expression, event)).toBe(false);
    expect(explain({ jsonata: expression }, JSON.stringify(event)).predicates.at(-1)).toMatchObject({
      operator: 'jsonata',
      matched: false,
      note: expect.stringMatching(/./),
    });
  });

  it.each([
    ['data.total >', '/jsonata expression:12'],
    ['$eval("1")', '/jsonata expression:5'],
    ['$now() > data.until', '/jsonata expression:4'],
    ['$random() > 0.5', '/jsonata expression:7'],
    ['type ~> /(a)\\1/', '/jsonata expression:15'],
  ])('refuses %s when it is written', (expression, place) => {
    expect(() => matches(expression, event)).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place, mend: expect.stringMatching(/./) }),
    );
  });

  it('answers through the index what the expression answers alone', () => {
    const literal = fc.constantFrom('1', '"1"', '"a"', 'true', 'null', '9007199254740992');
    const path = fc.constantFrom('a', 'b.a', '$.a', '$$.b.a', 'a[0]', 'b', '`a`');
    const comparison = fc.oneof(
      fc.tuple(path, fc.constantFrom('=', '!=', '<', '>='), literal).map((parts) => parts.join(' ')),
      fc.tuple(literal, fc.constantFrom('=', '<'), path).map((parts) => parts.join(' ')),
      fc.tuple(path, literal, literal).map(([one, first, second]) => `${one} in [${first}, ${second}]`),
      path,
    );
    const expression = fc
      .array(fc.tuple(fc.constantFrom(' and ', ' or '), comparison), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.map(([operator, text], index) => (index === 0 ? text : operator + text)).join(''));
    const scalar = fc.constantFrom(
      '1',
      '"1"',
      '"a"',
      'true',
      'null',
      '1.0',
      '9007199254740993',
      '[]',
      '["a"]',
      '["a", 1]',
      '{}',
    );
    const json = fc.tuple(scalar, scalar).map(([a, inner]) => `{"a": ${a}, "b": {"a": ${inner}}}`);
    fc.assert(
      fc.property(expression, json, (text, json) => {
        const index = createRuleIndex<string>();
        index.add('rule', { jsonata: text });
        let wanted = false;
        try {
          wanted = compileJsonata(text).test(JSON.parse(json), { now: 0, random: () => 0 });
        } catch {
          // Does not pass.
        }
        expect(index.match(json).length === 1, `${text} on ${json}`).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });
});
