import { describe, expect, it } from 'vitest';
import { explain } from '../../../functions/filter/explain.ts';
import { maxDepth } from '../../../functions/filter/json-node.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';

/** Far above what any of these takes, far below what a quadratic or exponential way would. */
const soon = 15_000;

function indexOf(...patterns: unknown[]) {
  const index = createRuleIndex<number>();
  for (const [i, pattern] of patterns.entries()) index.add(i, { pattern });
  return index;
}

function refusal(pattern: unknown) {
  try {
    indexOf(pattern);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('hostile events', () => {
  const index = indexOf({ a: ['x'] }, { b: { c: [1] } });
  const modes = ['validated', 'trusted'] as const;

  it('may nest to the limit, and no deeper where the text is read', { timeout: soon }, () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['{"b":', '}'],
      ['{"z":', '}'],
    ] as const) {
      const nested = (levels: number): string => `{"a":${open.repeat(levels)}1${close.repeat(levels)},"b":2}`;
      for (const mode of modes) {
        expect(index.match(nested(maxDepth - 2), { mode })).toEqual([]);
        for (const levels of [100_000, 500_000]) {
          try {
            expect(index.match(nested(levels), { mode })).toEqual([]);
            expect(mode).toBe('trusted');
          } catch (error) {
            expect(error).toMatchObject({
              code: 'json_invalid',
              message: expect.stringContaining(`${maxDepth} levels`),
            });
          }
        }
      }
      expect(() => index.match(nested(100_000))).toThrow(`${maxDepth} levels`);
      expect(() => explain({ pattern: { a: ['x'] } }, nested(100_000))).toThrow(`${maxDepth} levels`);
    }
  });

  it('may be parsed values that nest deep', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(() => index.matchObject({ a: deep })).toThrow(`${maxDepth} levels`);
    expect(index.matchObject({ z: deep })).toEqual([]);
  });

  it('may have strings of a megabyte', { timeout: soon }, () => {
    const many = indexOf(
      { a: [{ prefix: 'a'.repeat(1000) }] },
      { a: [{ suffix: 'b' }] },
      { a: [{ wildcard: '*a*b*ab' }] },
      { a: [{ wildcard: 'a*a*a*a*c' }] },
      { a: [{ 'equals-ignore-case': 'A'.repeat(1000) }] },
      { a: [{ suffix: { 'equals-ignore-case': 'ẞß' } }] },
      { a: [{ cidr: '10.0.0.0/8' }] },
      { a: [{ 'anything-but': { wildcard: ['*a*b', 'b*'] } }] },
    );
    for (const unit of ['a', 'ß', '\\n', '\\u0061', '😀', '\\ud800']) {
      const text = `{"a":"${unit.repeat(1_000_000 / unit.length)}"}`;
      for (const mode of modes) expect(many.match(text, { mode }).length).toBeGreaterThan(0);
    }
    expect(many.match(`{"a":"${'\\\\'.repeat(500_000)}"}`)).toEqual([7]);
  });

  it('may be longer than regular expressions can hold', { timeout: 3 * soon }, () => {
    const escapes = '\\n\\u0041'.repeat(1_500_000);
    const numbers = '1,[],{},'.repeat(1_000_000);
    for (const mode of modes) {
      expect(index.match(`{"z":"${escapes}","a":"x"}`, { mode })).toEqual([0]);
      expect(index.match(`{"z":[${numbers}"${escapes}"],"b":{"c":1}}`, { mode })).toEqual([1]);
      expect(index.match(`{"z":[${numbers}1],"a":["${escapes}","x"]}`, { mode })).toEqual([0]);
    }
    for (const broken of ['\\x', '\\u00g0', '\n', '\\']) {
      expect(() => index.match(`{"z":"${escapes}${broken}","a":"x"}`)).toThrow(
        expect.objectContaining({ code: 'json_invalid' }),
      );
    }
    expect(() => index.match(`{"z":[${numbers}]}`)).toThrow('A value is missing');
  });

  it('may have numbers of a megabyte', { timeout: soon }, () => {
    const numbers = indexOf({ a: [{ numeric: ['>', 0] }] }, { a: [{ exists: true }] }, { a: [1] });
    for (const number of [`1${'0'.repeat(1_000_000)}`, `0.${'1'.repeat(1_000_000)}`, `1e${'9'.repeat(1_000_000)}`]) {
      for (const mode of modes) expect(numbers.match(`{"a":${number}}`, { mode })).toEqual([1]);
    }
    expect(numbers.match(`{"a":1.${'0'.repeat(1_000_000)}}`)).toHaveLength(3);
  });

  it('may have a hundred thousand members, names or elements', { timeout: soon }, () => {
    const count = 100_000;
    const members = Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join();
    const many = indexOf({ k99999: [99_999] }, { last: ['x'] });
    for (const mode of modes) expect(many.match(`{${members},"last":"x"}`, { mode })).toEqual([0, 1]);
    for (const mode of modes) expect(index.match(`{"a":[${'1,'.repeat(count)}"x"]}`, { mode })).toEqual([0]);
    for (const mode of modes) expect(index.match(`{"a":[${'[],'.repeat(count)}"x"]}`, { mode })).toEqual([0]);
    expect(index.match(`{${'"a":1,'.repeat(count)}"a":"x"}`)).toEqual([0]);
    expect(index.match(`{"z":[${'{},'.repeat(count)}{}],"a":"x"}`)).toEqual([0]);
  });

  it('may have a hundred thousand elements that rules combine', { timeout: 3 * soon }, () => {
    const count = 100_000;
    const items = Array.from({ length: count }, (_, i) => `{"n":${i},"s":"${i % 2 === 0 ? 'even' : 'odd'}"}`).join();
    const text = `{"items":[${items}]}`;
    const combining = indexOf(
      { items: { n: [count - 1], s: ['odd'] } },
      { items: { n: [count - 1], s: ['even'] } },
      { items: { n: [{ 'anything-but': 3 }], s: ['odd'] } },
      { items: { n: [{ numeric: ['>', 50_000] }], s: [{ prefix: 'od' }] } },
      { items: { n: [{ exists: true }], t: [{ exists: false }] } },
    );
    expect(combining.match(text).toSorted((a, b) => a - b)).toEqual([0, 2, 3, 4]);
  });

  it('are given up with the bound in words, where arrays and rules multiply', { timeout: 10 * soon }, () => {
    const items = Array.from({ length: 50_000 }, (_, i) => `{"n":${i},"s":"s"}`).join();
    const patterns = Array.from({ length: 100 }, (_, i) => ({
      items: { n: [{ 'anything-but': i }], s: [{ 'anything-but': 's' }, 's'] },
    }));
    expect(() => indexOf(...patterns).match(`{"items":[${items}]}`)).toThrow(
      expect.objectContaining({ code: 'fuel_exhausted', message: expect.stringMatching(/more than [0-9]+ looks/) }),
    );
  });

  it.each([
    ['an array in each of many elements', '{"items":[', '{"in":[{"b":1,"c":2}]},', '{"in":[{"b":1}]}]}', [0]],
    ['arrays of one name', '{"items":{"in":[', '{"b":1,"c":1},', '{}],"in":[{"c":2}]}}', []],
  ])('may have %s, where a field is to be absent', { timeout: 2 * soon }, (_, start, item, end, expected) => {
    const absent = indexOf({ items: { in: { b: [1], c: [{ exists: false }] } } });
    expect(absent.match(start + item.repeat(20_000) + end)).toEqual(expected);
  });

  it('are given up where arrays of one name combine in too many ways', { timeout: 3 * soon }, () => {
    const pairs = indexOf({ a: { b: [1], c: [1], d: [2], e: [{ exists: false }] } });
    const event = (n: number): string =>
      `{"a":[${'{"b":1,"d":1,"e":1},'.repeat(n)}{"d":2}],"a":[${'{"c":1},'.repeat(n)}{}]}`;
    expect(pairs.match(event(100))).toEqual([]);
    expect(() => pairs.match(event(5000))).toThrow(
      expect.objectContaining({
        code: 'fuel_exhausted',
        message: expect.stringMatching(/more than [0-9]+ looks/),
        mend: expect.stringMatching(/./),
      }),
    );
  });

  it('leave nothing behind that a later event is charged with', () => {
    const items = Array.from({ length: 50_000 }, (_, i) => `{"n":${i},"s":"s","t":1}`).join();
    const patterns = Array.from({ length: 40 }, () => ({ items: { n: [1], s: ['s'], t: [{ exists: true }] } }));
    const combining = indexOf(
      ...patterns,
      ...patterns.map(({ items: one }) => ({ items: { ...one, t: [1, { exists: false }] } })),
    );
    const expected = patterns.length * 2;
    expect(indexOf(patterns[0]).match(`{"items":[${items}]}`)).toEqual([0]);
    try {
      combining.match(`{"items":[${items}]}`);
    } catch (error) {
      expect(error).toMatchObject({ code: 'fuel_exhausted' });
    }
    for (let i = 0; i < 20; i++) {
      expect(combining.match('{"items":[{"n":1,"s":"s","t":1},{"n":2}]}')).toHaveLength(expected);
      expect(combining.match('{"items":[{"n":1},{"s":"s"}]}')).toEqual([]);
    }
  });

  it('cannot reach prototypes', () => {
    const names = indexOf(
      { __proto__x: [1] },
      JSON.parse('{"__proto__":{"a":[1]}}'),
      { constructor: { name: ['x'] } },
      { toString: [{ exists: true }] },
    );
    expect(names.match('{}')).toEqual([]);
    expect(names.matchObject({})).toEqual([]);
    expect(names.match('{"__proto__":{"a":1}}')).toEqual([1]);
    expect(names.match('{"constructor":{"name":"x"},"toString":null}').toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(explain({ pattern: { a: [1] } }, '{"__proto__":{"a":1}}').matched).toBe(false);
  });

  it('may have lone surrogates and any unit of Unicode', () => {
    const index = indexOf(
      { a: ['\ud800'] },
      { a: [{ prefix: '\ud83d' }] },
      { a: [{ wildcard: '\ud83d*' }] },
      { a: ['\u0000'] },
    );
    expect(index.match('{"a":"\\ud800"}')).toEqual([0]);
    expect(index.match('{"a":"\ud800"}')).toEqual([0]);
    expect(index.match('{"a":"😀"}')).toEqual([1, 2]);
    expect(index.match('{"a":"\\u0000"}')).toEqual([3]);
    expect(index.match('{"\\u0061":"\\u0000"}')).toEqual([3]);
  });
});

describe('hostile patterns', () => {
  it.each([
    ['stars in a row', { a: [{ wildcard: '**' }] }, 'two stars in a row'],
    ['many stars', { a: [{ wildcard: '*a'.repeat(1000) }] }, 'too complex'],
    ['overlapping literals', { a: [{ wildcard: '*aaaaaaaaaaaa*' }] }, 'too complex'],
    ['a very long wildcard', { a: [{ wildcard: `*${'ab'.repeat(30_000)}*` }] }, 'too complex'],
    ['many alternatives', { $or: Array.from({ length: 1001 }, (_, i) => ({ a: [i] })) }, 'more than 1000 alternatives'],
    [
      'alternatives that multiply',
      Object.fromEntries([['x', Object.fromEntries(Array.from({ length: 1 }, () => ['$or', nestedOr(12)]))]]),
      'more than 20000 tests',
    ],
    ['many tests', { a: Array.from({ length: 30_000 }, (_, i) => i) }, 'more than 20000 tests'],
    [
      'many values to exclude',
      { a: [{ 'anything-but': Array.from({ length: 30_000 }, (_, i) => i) }] },
      'more than 20000 tests',
    ],
    ['many fields', Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`f${i}`, [1]])), 'more than 256 fields'],
    ['deep nesting', JSON.parse(`${'{"a":'.repeat(100)}[1]${'}'.repeat(100)}`), 'deeper than 64 levels'],
    ['deep text', `${'{"a":'.repeat(100_000)}[1]${'}'.repeat(100_000)}`, 'longer than'],
    ['long text', `{"a":["${'x'.repeat(100_000)}"]}`, 'longer than 65536'],
  ])('are refused for %s', { timeout: soon }, (_, pattern, message) => {
    expect(refusal(pattern)).toMatchObject({
      code: 'filter_invalid',
      message: expect.stringContaining(message),
      mend: expect.any(String),
    });
  });

  it('may share and repeat what they like', { timeout: 2 * soon }, () => {
    const index = createRuleIndex<number>();
    for (let i = 0; i < 20_000; i++)
      index.add(i, { pattern: { a: ['x', { prefix: 'x' }, 'x'], b: [{ 'anything-but': 'y' }] } });
    expect(index.match('{"a":"x","b":1}')).toHaveLength(20_000);
    for (let i = 0; i < 20_000; i += 2) index.remove(i);
    expect(index.match('{"a":"x","b":1}')).toHaveLength(10_000);
  });

  it('of many wildcards share one automaton that forgets instead of growing', { timeout: 2 * soon }, () => {
    const index = createRuleIndex<number>();
    for (let i = 0; i < 2000; i++) index.add(i, { pattern: { a: [{ wildcard: `*<${i}>a*b<${i}>*` }] } });
    const text = (seed: number): string => Array.from({ length: 2000 }, (_, i) => `<${(i * seed) % 997}>`).join('a');
    for (let seed = 1; seed < 10; seed++) index.match(`{"a":"${text(seed)}"}`);
    expect(index.match('{"a":"x<7>axb<7>y"}')).toEqual([7]);
  });
});

function nestedOr(levels: number): unknown[] {
  const branch = (i: number): Record<string, unknown> => ({
    [`f${levels}${i}`]: [1],
    ...(levels > 1 ? { $or: nestedOr(levels - 1) } : {}),
  });
  return [branch(0), branch(1)];
}
