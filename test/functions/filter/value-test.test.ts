import { describe, expect, it } from 'vitest';
import type { NumberRange, ValueTest } from '../../../functions/filter/condition.ts';
import { type JsonScalar, readJson } from '../../../functions/filter/json-node.ts';
import { isInRange, passes } from '../../../functions/filter/value-test.ts';

const scalar = (json: string): JsonScalar => readJson(json) as JsonScalar;

const range = (from: number, fromIncluded: boolean, to: number, toIncluded: boolean): NumberRange => ({
  op: 'range',
  from,
  fromIncluded,
  to,
  toIncluded,
});
const but = (...of: (ValueTest & { op: 'equals' | 'prefix' | 'number' })[]): ValueTest => ({ op: 'anything-but', of });

describe('a test of one value', () => {
  it.each<[ValueTest, string[], string[]]>([
    [{ op: 'exists' }, ['1', '"x"', 'null', 'false', '""'], []],
    [{ op: 'absent' }, [], ['1', '"x"', 'null']],
    [{ op: 'equals', value: 'x' }, ['"x"', '"\\u0078"'], ['"X"', '"xx"', '""', '1', 'null']],
    [{ op: 'equals', value: '1' }, ['"1"'], ['1', 'true']],
    [{ op: 'equals', value: null }, ['null'], ['"null"', 'false', '0']],
    [{ op: 'equals', value: true }, ['true'], ['"true"', 'false', '1']],
    [{ op: 'number', text: '1.0' }, ['1', '1.0', '10e-1', '1E0'], ['"1"', '1.00000000000000001', '2', 'true', '1e400']],
    [{ op: 'number', text: '1e400' }, ['1e400'], ['1E400', '10e399', '1e401', '"1e400"', '1.7976931348623157e308']],
    [{ op: 'number', text: '0' }, ['0', '-0', '0.0', '0e9'], ['"0"', 'false', '""', 'null', '1e-400']],
    [range(1, true, 2, false), ['1', '1.5', '1.0'], ['0.9', '2', '"1"', '1.00000000000000001', 'true']],
    [range(1, false, 2, true), ['1.5', '2'], ['1', '2.1', '"2"']],
    [range(-Infinity, false, 0, false), ['-1', '-1e300', '-0.0001'], ['0', '1', '-1e400', 'null']],
    [range(5, true, Infinity, false), ['5', '1e308'], ['4.9', '1e400', '"6"']],
    [{ op: 'prefix', value: 'ab' }, ['"ab"', '"abc"'], ['"a"', '"cab"', '"AB"', '1']],
    [{ op: 'prefix', value: '' }, ['""', '"x"'], ['1', 'null', 'true']],
    [{ op: 'suffix', value: 'ab' }, ['"ab"', '"cab"'], ['"b"', '"abc"', '"AB"', '1']],
    [{ op: 'wildcard', value: 'a*b\\*' }, ['"ab*"', '"axxb*"'], ['"ab"', '"axb"', '"ab**c"', '1']],
    [{ op: 'equals-ignore-case', value: 'aB' }, ['"ab"', '"AB"', '"aB"'], ['"abc"', '"a"', '1']],
    [{ op: 'prefix-ignore-case', value: 'aB' }, ['"ab"', '"ABc"'], ['"cab"', '"a"', '1']],
    [{ op: 'suffix-ignore-case', value: 'aB' }, ['"ab"', '"cAB"'], ['"abc"', '"b"', '1']],
    [
      { op: 'address', from: '0a000000', to: '0affffff' },
      ['"10.0.0.0"', '"10.255.255.255"'],
      ['"11.0.0.0"', '"x"', '10', '"9.255.255.255"'],
    ],
    [but({ op: 'equals', value: 'x' }, { op: 'equals', value: 'y' }), ['"z"', '1', 'null', 'true'], ['"x"', '"y"']],
    [but({ op: 'number', text: '1' }), ['2', '"1"', 'null', '1.00000000000000001'], ['1', '1.0']],
    [but({ op: 'prefix', value: 'x' }), ['"ax"', '1', 'null'], ['"x"', '"xy"']],
  ])('%j takes %j and not %j', (test, taken, refused) => {
    for (const json of taken) expect(passes(test, scalar(json)), json).toBe(true);
    for (const json of refused) expect(passes(test, scalar(json)), json).toBe(false);
  });

  it.each([
    [range(1, true, 2, true), [1, 1.5, 2]],
    [range(1, false, 2, false), [1.5]],
    [range(1, true, 2, false), [1, 1.5]],
    [range(1, false, 2, true), [1.5, 2]],
  ])('%j has the numbers %j', (test, numbers) => {
    expect([0.5, 1, 1.5, 2, 2.5].filter((number) => isInRange(number, test))).toEqual(numbers);
  });
});
