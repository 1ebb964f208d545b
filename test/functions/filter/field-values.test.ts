import { describe, expect, it } from 'vitest';
import { collectFieldValues } from '../../../functions/filter/field-values.ts';
import { readJson, scalarText } from '../../../functions/filter/json-node.ts';

/** Path, value and elements of every scalar. */
function collected(json: string): unknown[] {
  return [...collectFieldValues(readJson(json))].map(([path, values]) => [
    path,
    ...values.map(({ value, elements }) => [scalarText(value), ...elements]),
  ]);
}

describe('the values of fields', () => {
  it('are all scalars, by the names that lead to them', () => {
    expect(collected('{"a":1,"b":{"c":"x","d.e":null,"":true},"b.c":2,"f":[],"g":{},"a":3}')).toEqual([
      ['a', ['1'], ['3']],
      ['b.c', ['"x"'], ['2']],
      ['b.d.e', ['null']],
      ['b.', ['true']],
    ]);
    expect(collected('{"":1,"b":{"":{"":2}}}')).toEqual([
      ['', ['1']],
      ['b..', ['2']],
    ]);
  });

  it('know the array elements that they lie in, but for scalars that are elements themselves', () => {
    expect(collected('{"a":[1,{"b":2},[3,[4]],{"b":[5,{"c":6}]}],"d":[{"e":7}]}')).toEqual([
      ['a', ['1'], ['3', 0, 2], ['4', 0, 2, 1, 1]],
      ['a.b', ['2', 0, 1], ['5', 0, 3]],
      ['a.b.c', ['6', 0, 3, 3, 1]],
      ['d.e', ['7', 4, 0]],
    ]);
  });
});
