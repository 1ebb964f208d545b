import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileLike } from '../../../../functions/filter/cesql/like.ts';

describe('LIKE', () => {
  it.each([
    ['%', '', true],
    ['_', '', false],
    ['_', '😀', true],
    ['__', '😀', false],
    ['a%', 'abc', true],
    ['%c', 'abc', true],
    ['a%a', 'a', false],
    ['%b%', 'abc', true],
    ['%_b', 'b', false],
    ['%_b', 'ab', true],
    ['_b%', 'abcd1', true],
    [String.raw`100\%`, '100%', true],
    [String.raw`100\%`, '1000', false],
    [String.raw`a\b`, String.raw`a\b`, true],
    ['a.c', 'abc', false],
    ['a%\nb', 'a\n\nb', true],
  ])('%s on %j is %s', (pattern, text, matches) => {
    expect(compileLike(pattern)(text)).toBe(matches);
  });

  it('agrees with a backtracking regular expression', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '%', '_', '\\'), maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '%', '\\'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (pattern, text) => compileLike(pattern)(text) === oracle(pattern).test(text)),
      { numRuns: 3000 },
    );
  });

  it('takes linear time where backtracking would not end', () => {
    const started = performance.now();
    expect(compileLike(`${'%a'.repeat(50)}%b`)('a'.repeat(100_000))).toBe(false);
    expect(compileLike(`${'%_a'.repeat(50)}%b`)('a'.repeat(100_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

function oracle(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\[%_]|[\s\S]/gu, (part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.replace(/^\\(?=[%_])/, '').replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`, 'su');
}
