import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { readJson } from '../../../functions/filter/json-node.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';
import { createGenerator } from './random-patterns.ts';

const rounds = Number(process.env.TULLE_PROPERTY_ROUNDS ?? 1000);

describe('the validated mode', () => {
  it('takes exactly the objects that JSON.parse takes, of texts with random damage', { timeout: 3_600_000 }, () => {
    for (let seed = 1; seed <= rounds; seed++) {
      const generator = createGenerator(seed);
      const index = createRuleIndex<number>();
      index.add(1, { pattern: generator.pattern() });
      index.add(2, { pattern: generator.pattern() });
      // The first events teach the index what order to expect.
      index.match(generator.text(generator.event(true)));
      const text = generator.text(generator.event(true));
      for (let i = 0; i < 8; i++) expectSameVerdict(index, damaged(text, generator.below));
    }
  });

  it.each([
    ['{', 'member name'],
    ['{"a"}', 'colon'],
    ['{"a":1,}', 'member name'],
    ['{"z":{"a":1,}}', 'member name'],
    ['{"a":[1,]}', 'value'],
    ['{"a":01}', 'number'],
    ['{"a":1.}', 'digit'],
    ['{"z":-}', 'digit'],
    ['{"a":1e}', 'digit'],
    ['{"a":tru}', 'value'],
    ['{"a":"\\x"}', 'escape'],
    ['{"a":"\n"}', 'control'],
    ['{"z":"\t"}', 'control'],
    ['{"a\n":1}', 'control'],
    ['{"a":1 "b":2}', 'comma'],
    ['{"a":[1 2]}', 'comma'],
    ['{"a":1} x', 'goes on'],
    ['[]', 'not a JSON object'],
    ['', 'not a JSON object'],
    ['"a"', 'not a JSON object'],
    ['\u00a0{}', 'not a JSON object'],
    ['\ufeff{}', 'not a JSON object'],
  ])('refuses %j: %s', (text, message) => {
    const index = createRuleIndex<number>();
    index.add(1, { pattern: { a: [1] } });
    expect(() => index.match(text)).toThrow(new RegExp(message));
    expect(() => readJson(text === '[]' || text === '"a"' ? '' : text)).toThrow(TulleError);
  });

  it('names line and column', () => {
    const index = createRuleIndex<number>();
    index.add(1, { pattern: { a: [1] } });
    expect(() => index.match('{\n "b": [1,\n  x]}')).toThrow(
      expect.objectContaining({ code: 'json_invalid', place: 'line 3, column 3' }),
    );
    expect(() => readJson('{\n "b": [1,\n  x]}')).toThrow(expect.objectContaining({ place: 'line 3, column 3' }));
  });
});

describe('the trusted mode', () => {
  it('comes to an end on every beginning of a text', () => {
    const index = createRuleIndex<number>();
    index.add(1, {
      pattern: {
        data: { items: { sku: ['x'], n: [{ numeric: ['>', 1e6] }] }, note: [{ suffix: 'end' }] },
        last: [{ exists: true }],
      },
    });
    const text =
      '{"id":"a\\"b","data":{"items":[{"sku":"y","n":12.5e1},[[{"sku":null}]]],"deep":[[[[[[[[1]]]]]]]],"note":"a\\u0041"},"last":true}';
    expect(index.match(text, { mode: 'trusted' })).toEqual([]);
    for (let length = 0; length < text.length; length++) {
      try {
        expect(index.match(text.slice(0, length), { mode: 'trusted' })).toEqual([]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'json_invalid' });
      }
    }
  });

  it('stops behind the last field that a rule names', () => {
    const index = createRuleIndex<string>();
    index.add('a', { pattern: { a: ['x'], b: { c: [1] } } });
    expect(index.match('{"a":"x","b":{"c":1}, this is never read', { mode: 'trusted' })).toEqual(['a']);
    expect(() => index.match('{"a":"x","b":{"c":1}, this is never read')).toThrow('member name');
  });

  it('does not stop inside an array, where a field may come again', () => {
    const index = createRuleIndex<string>();
    index.add('a', { pattern: { a: { b: ['y'] } } });
    expect(index.match('{"a":[{"b":"x"},{"b":"y"}]}', { mode: 'trusted' })).toEqual(['a']);
    expect(index.match('{"a":[{"b":"x"},{"b":"y"}], this is never read', { mode: 'trusted' })).toEqual(['a']);
  });

  it('reads nothing where there are no rules', () => {
    expect(createRuleIndex().match('{', { mode: 'trusted' })).toEqual([]);
  });
});

function damaged(text: string, below: (n: number) => number): string {
  const at = below(text.length);
  const junk =
    ['', '"', ',', ':', '{', '}', '[', ']', '\\', '0', '-', '.', 'e', ' ', '\n', 't', '\u0001', 'null'][below(18)] ??
    '';
  return text.slice(0, at) + junk + text.slice(at + below(3));
}

function expectSameVerdict(index: ReturnType<typeof createRuleIndex<number>>, text: string): void {
  const expected = verdict(() => {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  });
  const actual = verdict(() => index.match(text));
  if (actual !== expected) expect.fail(`${JSON.stringify(text)}: ${expected} by JSON.parse, ${actual} here`);
  const read = verdict(() => readJson(text));
  if (read !== verdict(() => JSON.parse(text) as unknown)) expect.fail(`${JSON.stringify(text)}: ${read} by readJson`);
}

function verdict(body: () => unknown): string {
  try {
    body();
    return 'taken';
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    return 'refused';
  }
}
