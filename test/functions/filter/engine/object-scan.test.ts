import { describe, expect, it } from 'vitest';
import { maxDepth } from '../../../../functions/filter/json-node.ts';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';

function matched(event: unknown, ...patterns: unknown[]): number[] {
  const index = createRuleIndex<number>();
  for (const [i, pattern] of patterns.entries()) index.add(i, { pattern });
  return index.matchObject(event).toSorted((a, b) => a - b);
}

function arrays(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

function objects(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

describe('a parsed event', () => {
  it.each([null, undefined, 1, 'x', true, [], [{ a: 1 }]])('is refused where it is %j', (event) => {
    expect(() => matched(event, { a: [1] })).toThrow(
      expect.objectContaining({
        code: 'json_invalid',
        message: expect.stringContaining('not a JSON object'),
        mend: expect.stringMatching(/./),
      }),
    );
  });

  it('may nest to the limit and no deeper, where a rule looks', () => {
    const path = Array.from({ length: 60 }, () => 'a');
    const pattern = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), [1]);
    expect(matched({ a: arrays(maxDepth - 1) }, { a: [1] })).toEqual([0]);
    expect(matched(objects(60), pattern)).toEqual([0]);
    expect(matched({ a: objects(maxDepth + 10) }, { a: [1] })).toEqual([]);
    const mixed = Array.from({ length: 59 }).reduce<unknown>((inner) => ({ a: [inner] }), { a: 1 });
    expect(matched(mixed, pattern)).toEqual([0]);
    for (const event of [{ a: arrays(maxDepth) }, { a: { a: arrays(maxDepth - 1) } }]) {
      expect(() => matched(event, { a: { a: [1] } }, { a: [1] })).toThrow(
        expect.objectContaining({
          code: 'json_invalid',
          message: `The event nests deeper than ${maxDepth} levels`,
          mend: expect.stringMatching(/./),
        }),
      );
    }
  });

  it('has no member where JSON would have none', () => {
    const absent = { a: [{ exists: false }] };
    for (const value of [undefined, () => 1, Symbol('x'), [], {}, [[]]])
      expect(matched({ a: value }, absent, { a: [null] })).toEqual([0]);
    for (const value of [Number.NaN, Infinity, -Infinity, null])
      expect(matched({ a: value }, absent, { a: [null] })).toEqual([1]);
  });

  it('has scalars of every kind', () => {
    const patterns = [{ a: [true] }, { a: [false] }, { a: [null] }, { a: ['1'] }, { a: [1] }];
    for (const [i, value] of [true, false, null, '1', 1].entries()) {
      expect(matched({ a: value }, ...patterns)).toEqual([i]);
      expect(matched({ a: [[value]] }, ...patterns)).toEqual([i]);
    }
  });

  it('has elements that contradict each other, unless they are scalars', () => {
    const pair = { a: { b: [1], c: [2] } };
    expect(matched({ a: [{ b: 1 }, { c: 2 }] }, pair)).toEqual([]);
    expect(matched({ a: [{ b: 1, c: 2 }] }, pair)).toEqual([0]);
    expect(matched({ a: { b: [0, 1], c: [2, 3, null] } }, pair)).toEqual([0]);
    expect(matched({ a: [{ b: [null, 1], c: [[2]] }, null] }, pair)).toEqual([0]);
    expect(matched({ a: [[{ b: 1 }], [{ c: 2 }]] }, pair)).toEqual([]);
    // Elements of the same number in two arrays are not the same element.
    expect(matched({ a: [{ b: 1 }], 'a.c': [{}, 2] }, pair)).toEqual([0]);
    expect(matched({ a: [{ x: [{}, {}], b: 1 }, { c: 2 }] }, pair, { a: { b: [1], x: [{ exists: false }] } })).toEqual([
      1,
    ]);
  });
});
