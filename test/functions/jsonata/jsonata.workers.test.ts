import { describe, expect, it } from 'vitest';
import { compileJsonata } from '../../../functions/jsonata/jsonata.ts';

function evaluate(text: string, input: unknown = {}): unknown {
  return compileJsonata(text).evaluate(input, { now: Date.UTC(2024, 0, 2), random: () => 0.5 });
}

describe('JSONata inside of workerd', () => {
  it.each([
    ['$sum(data.lines.(price * count))', 120],
    ['$base64decode($base64encode("Grüße"))', 'Grüße'],
    ['$now("[D1] [MNn] [Y]")', '2 January 2024'],
    ['$replace("a-b", /(\\w)-(\\w)/, "$2$1")', 'ba'],
    ['$formatNumber(1234.5, "#,##0.00")', '1,234.50'],
    ['$encodeUrlComponent("a b")', 'a%20b'],
  ])('answers %s', (text, answer) => {
    expect(
      evaluate(text, {
        data: {
          lines: [
            { price: 20, count: 1 },
            { price: 50, count: 2 },
          ],
        },
      }),
    ).toEqual(answer);
  });

  it.each([
    ['($f := function() { $f() }; $f())'],
    ['($f := function($n) { 1 + $f($n + 1) }; $f(0))'],
    ['$pad("x", 500000000)'],
    ['($f := function($a) { $f($append($a, $a)) }; $f([1]))'],
    [`${'('.repeat(2000)}1${')'.repeat(2000)}`],
    [`1${'+1'.repeat(20_000)}`],
  ])('ends %.40s', (text) => {
    expect(() => evaluate(text)).toThrow(expect.objectContaining({ name: 'TulleError' }));
  });
});
