import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex, RegexError } from '../../../functions/regex/regex.ts';

describe('the regular expression matcher with the u flag', () => {
  it.each([
    ['^.$', '🎈'],
    ['^..$', '🎈'],
    ['^[🎈🎉]$', '🎉'],
    ['^[^a]$', '🎈'],
    ['[🎈-🎉]+', 'a🎈🎉b'],
    [String.raw`\u{1F388}`, 'a🎈'],
    [String.raw`\uD83C\uDF88`, 'a🎈'],
    [String.raw`\uD83C`, '🎈'],
    ['^\\uD83C$', '\uD83C'],
    [String.raw`\p{Letter}+`, '1éß🎈'],
    [String.raw`\P{L}+`, 'é12'],
    [String.raw`[\p{Lu}\d_-]+`, 'aÉ1_-b'],
    [String.raw`[^\p{L}]+`, 'é🎈é'],
    [String.raw`\p{Script=Greek}`, 'aβ'],
    [String.raw`\S{2}`, ' 🎈🎈'],
    [String.raw`\W`, '🎈'],
    [String.raw`^\w+$`, 'aé'],
    ['x*', '🎈x'],
    [String.raw`^[\w\-.]+@[\w\-]+\.[a-z]{2,}$`, 'ada@example.com'],
  ])('finds what the built-in engine finds: /%s/u in %j', expectSame);

  it('agrees with the built-in engine on generated expressions', () => {
    // Without \B: V8 finds it between the halves of a surrogate pair, where ECMA-262 has no position.
    const atoms = [
      'a',
      'b',
      '.',
      '🎈',
      'é',
      '[a🎈]',
      '[^a]',
      '[^🎈]',
      '\\p{L}',
      '\\P{L}',
      '[\\p{L}1]',
      '\\w',
      '\\W',
      '\\d',
    ];
    const atom = fc.constantFrom(...atoms, '(?:a|b🎈)', '(a*)', '^', '$', '\\b');
    const term = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '*?'));
    const source = fc.array(term, { maxLength: 5 }).map((terms) => {
      return terms.map(([body, quantifier]) => (/^(\^|\$|\\[bB])$/.test(body) ? body : body + quantifier)).join('');
    });
    const unit = fc.constantFrom('a', 'b', '1', ' ', 'é', '🎈', '\uD83C', '\uDF88');
    fc.assert(
      fc.property(fc.array(source, { minLength: 1, maxLength: 3 }), fc.string({ unit, maxLength: 8 }), (parts, text) =>
        expectSame(parts.join('|'), text),
      ),
      { numRuns: 3000 },
    );
  });

  it('has no web legacy', () => {
    for (const source of [String.raw`\-`, 'a{', 'a]', String.raw`\Z`, String.raw`\p{Nothing}`, String.raw`\1`]) {
      expect(() => compileRegex(source, 'u'), source).toThrow(RegexError);
    }
  });
});

describe('a test without captures', () => {
  it('gives up on too many states, and still answers', () => {
    const regex = compileRegex(`(?:a|b)*a${'(?:a|b)'.repeat(12)}$`);
    const text = Array.from({ length: 4000 }, (_, index) => ((index * index) % 7 < 3 ? 'a' : 'b')).join('');
    expect(regex.test(text)).toBe(regex.exec(text) !== undefined);
  });

  it('reports its steps, and ends when the listener throws', () => {
    let steps = 0;
    expect(compileRegex('a+b').test('a'.repeat(10_000), (count) => (steps += count))).toBe(false);
    expect(steps).toBeGreaterThan(1000);
  });
});

function expectSame(source: string, text: string): void {
  const native = new RegExp(source, 'u').exec(text);
  const regex = compileRegex(source, 'u');
  const found = regex.exec(text);
  const shown = `/${source}/u in ${JSON.stringify(text)}`;
  expect(found && [found.start, found.text], shown).toEqual(native ? [native.index, native[0]] : undefined);
  // Twice, because the first leaves its states behind for the second.
  expect([regex.test(text), regex.test(text)], shown).toEqual([native !== null, native !== null]);
}
