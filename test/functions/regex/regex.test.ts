import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex, RegexError } from '../../../functions/regex/regex.ts';
import { processorTime } from '../jsonata/processor-time.ts';

describe('the regular expression matcher', () => {
  it.each([
    ['a|ab', '', 'ab'],
    ['(a|ab)(c|bcd)(d*)', '', 'abcd'],
    ['(a*)*', '', 'b'],
    ['(a*)+', '', 'b'],
    ['(?:a*?)*?b', '', 'aab'],
    ['(z)((a+)?(b+)?(c))*', '', 'zaacbbbcac'],
    ['((a)|(b))*', '', 'ab'],
    ['(?:(a)|b)*', '', 'ab'],
    ['(?:a?)*?$', '', 'aa'],
    ['(a?b??)*', '', 'ab'],
    ['()*x', '', 'x'],
    ['(?:|a)+', '', 'aaa'],
    ['(?:a|)+?b', '', 'aab'],
    ['x{2,4}?y', '', 'xxxxxy'],
    ['(x{0,2}){3}', '', 'xxxx'],
    ['^b$', 'm', 'a\nb\nc'],
    ['^b', '', 'a\nb'],
    [String.raw`\bfoo\b`, '', 'a foo.'],
    [String.raw`\Boo`, '', 'foo'],
    [String.raw`[\w.+-]+@[\w-]+\.[\w.-]+`, '', 'mail john@doe.org now'],
    ['[^a-c]+', 'i', 'ABCdE'],
    ['ſ|ß|É', 'i', 'é'],
    ['[à-ÿ]+', 'i', 'ÀÉÿŸ'],
    ['k', 'i', '\u212A'],
    ['.+', 's', 'a\nb'],
    ['[]', '', 'a'],
    ['[^]', '', '\n'],
    [String.raw`[\d-z]+`, '', '1-z'],
    [String.raw`[a\]b]+`, '', 'a]b'],
    ['a{,3}', '', 'a{,3}'],
    ['a]}', '', 'a]}'],
    [String.raw`\x41\u0042\cJ\0\/\-`, '', 'AB\n\0/-'],
    [String.raw`[\b]`, '', '\b'],
    [String.raw`\101`, '', 'A'],
    [String.raw`(?<year>\d{4})-(?<month>\d\d)`, '', 'on 2024-05-01'],
    ['(?:ab)+?c|abab', '', 'ababd'],
  ])('finds what backtracking finds: /%s/%s in %j', (source, flags, text) => {
    expectSameMatch(source, flags, text);
  });

  it('agrees with the built-in engine on generated expressions', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(expression, fc.constantFrom('', 'i', 'm', 'im'), text, fc.nat(3), (source, flags, text, from) => {
        expectSameMatch(source, flags, text, from);
      }),
      // The built-in engine, not this one, takes minutes for some that chance might bring.
      { numRuns: 1000, seed: Number(process.env['TULLE_PROPERTY_SEED'] ?? 1) },
    );
  });

  it('agrees with the built-in engine on which patterns are valid', { timeout: 60_000 }, () => {
    const pieces = fc.constantFrom(...Array.from('ab(|)[]^$*+?{}\\-,0123:<>=!kbdxuc'));
    fc.assert(
      fc.property(fc.string({ unit: pieces, maxLength: 12 }), text, (source, text) => {
        const ours = attempt(() => compileRegex(source));
        const theirs = attempt(() => new RegExp(source));
        if (ours instanceof RegexError && /not supported|have the name|modifier/.test(ours.message)) return;
        expect(ours instanceof Error, `/${source}/`).toBe(theirs instanceof Error);
        if (!(ours instanceof Error)) expectSameMatch(source, '', text);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['^(a+)+$', `${'a'.repeat(50_000)}b`],
    ['(a|a)*$', `${'a'.repeat(50_000)}b`],
    ['(.*)*x', 'a'.repeat(20_000)],
    ['(a*)*b', 'a'.repeat(20_000)],
    [String.raw`(\w+\s?)+$`, `${'word '.repeat(5000)}!`],
  ])('takes linear time where backtracking would not end: /%s/', (source, text) => {
    const started = processorTime();
    compileRegex(source).exec(text);
    expect(processorTime() - started).toBeLessThan(1000);
  });

  it.each([
    [String.raw`(a)\1`, /earlier groups/],
    [String.raw`(?<x>a)\k<x>`, /earlier groups/],
    ['a(?=b)', /Look-ahead/],
    ['(?<!a)b', /Look-ahead/],
    ['(?i:a)', /not supported/],
    ['a{5000}', /larger than/],
    ['((a{50}){50}){50}', /larger than/],
    ['('.repeat(200), /nested deeper/],
    ['(a', /closing/],
    ['a)', /without/],
    ['*a', /nothing to repeat/],
    ['[b-a]', /out of order/],
  ])('refuses /%s/', (source, message) => {
    expect(() => compileRegex(source)).toThrow(
      expect.objectContaining({ name: 'RegexError', message: expect.stringMatching(message) }),
    );
  });

  it('reports its steps, and ends when the listener throws', () => {
    let steps = 0;
    compileRegex('a+b').exec('a'.repeat(1000), 0, (count) => (steps += count));
    expect(steps).toBeGreaterThan(900);
    const stop = () => {
      throw new Error('enough');
    };
    expect(() => compileRegex('a+b').exec('aaa', 0, stop)).toThrow('enough');
  });
});

function expectSameMatch(source: string, flags: string, text: string, from = 0): void {
  const native = new RegExp(source, `${flags}g`);
  native.lastIndex = from;
  const wanted = from > text.length ? null : native.exec(text);
  const regex = compileRegex(source, flags);
  const found = regex.exec(text, from);
  if (from === 0) expect(regex.test(text), `/${source}/${flags} in ${JSON.stringify(text)}`).toBe(wanted !== null);
  const shown = found && [found.start, found.end, ...found.groups];
  expect(shown, `/${source}/${flags} in ${JSON.stringify(text)}`).toEqual(
    wanted === null ? undefined : [wanted.index, wanted.index + wanted[0].length, ...wanted.slice(1)],
  );
}

function attempt<T>(body: () => T): T | Error {
  try {
    return body();
  } catch (error) {
    return error as Error;
  }
}

const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', 'A', 'K', '1', '_', ' ', '\n', 'é', 'É'),
  maxLength: 9,
});

/** Nested expressions of every supported construct, with many loops around parts that can be empty. */
const { expression } = fc.letrec<{ expression: string; term: string; atom: string }>((tie) => ({
  expression: fc
    .array(fc.array(tie('term'), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((terms) => terms.join('')).join('|')),
  term: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?', '{2,}'))
    .map(([atom, quantifier]) => (/^(\^|\$|\\[bB])$/.test(atom) ? atom : atom + quantifier)),
  atom: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(
      'a',
      'b',
      'c',
      'A',
      'k',
      '.',
      '[ab]',
      '[^a]',
      '[a-c_]',
      '[é]',
      '\\d',
      '\\w',
      '\\s',
      '\\W',
      '^',
      '$',
      '\\b',
      '\\B',
      '(?:)',
    ),
    tie('expression').map((inner) => `(${inner})`),
    tie('expression').map((inner) => `(?:${inner})`),
  ),
}));
