import { describe, expect, it } from 'vitest';
import type { ValueTest } from '../../../../functions/filter/condition.ts';
import { readNumber } from '../../../../functions/filter/engine/number-reading.ts';
import { beginRun, createRun } from '../../../../functions/filter/engine/run.ts';
import { releaseTest, useTest } from '../../../../functions/filter/engine/test-registry.ts';
import { holds } from '../../../../functions/filter/engine/requirement.ts';
import { useRequirement } from '../../../../functions/filter/engine/requirement-registry.ts';
import {
  createValueIndex,
  seeLiteral,
  seeNumber,
  seeString,
  seeUnits,
} from '../../../../functions/filter/engine/value-index.ts';

const tests: ValueTest[] = [
  { op: 'equals', value: 'x' },
  { op: 'equals', value: true },
  { op: 'equals', value: null },
  { op: 'prefix', value: 'ab' },
  { op: 'suffix', value: 'ba' },
  { op: 'wildcard', value: 'a*a' },
  { op: 'equals-ignore-case', value: 'aB' },
  { op: 'prefix-ignore-case', value: 'ÉB' },
  { op: 'suffix-ignore-case', value: 'bC' },
  { op: 'number', text: '1.0' },
  { op: 'number', text: '1e400' },
  { op: 'range', from: 0, fromIncluded: false, to: 5, toIncluded: true },
  { op: 'address', from: '0a000000', to: '0affffff' },
];

describe('the tests of a field', () => {
  it('are each in one place, shared, and gone when nobody asks them', () => {
    const index = createValueIndex('a');
    const nodes = tests.map((test) => useTest(index, test));
    expect(tests.map((test) => useTest(index, { ...test }))).toEqual(nodes);
    expect(new Set(nodes).size).toBe(tests.length);
    expect(nodes.map(({ uses }) => uses)).toEqual(tests.map(() => 2));
    expect(index.tests.size).toBe(tests.length - 1);
    for (const node of nodes) releaseTest(index, node);
    expect(index.tests.size).toBe(tests.length - 1);
    expect([index.wildcards?.size, index.cases?.size, index.numbers?.size, index.literals.size]).toEqual([1, 3, 3, 2]);
    expect(index.addresses?.root).toBeDefined();
    for (const node of nodes) releaseTest(index, node);
    expect([index.tests.size, index.exact.nodes.size, index.literals.size]).toEqual([0, 0, 0]);
    expect([index.wildcards, index.cases, index.numbers]).toEqual([undefined, undefined, undefined]);
    expect([index.prefixes?.root.children.size, index.suffixes?.root.children.size]).toEqual([0, 0]);
    expect(index.addresses?.root).toBeUndefined();
    expect(() => useTest(index, { op: 'exists' })).toThrow('exists is not a test of one value');
  });

  it('know whether case matters to them and whether they are ASCII', () => {
    const index = createValueIndex('a');
    const about = tests.map((test) => useTest(index, test)).map(({ pattern, isAscii }) => [pattern, isAscii]);
    expect(about.slice(5, 9)).toEqual([
      [undefined, true],
      ['aB', true],
      ['ÉB', false],
      ['bC', true],
    ]);
    expect(about.filter(([pattern]) => pattern !== undefined)).toHaveLength(3);
  });
});

describe('a value', () => {
  const run = createRun();
  const index = createValueIndex('a');
  let ids = 0;
  const requirements = tests.map((test) => useRequirement(index, { path: 'a', any: [test] }, () => ++ids));

  /** The places in the list of the tests that a value passes. */
  function passed(see: () => void): number[] {
    beginRun(run);
    see();
    expect([index.values, index.plainValues, run.seenCount, run.seen[0]]).toEqual([1, 1, 1, index]);
    return [...requirements.entries()].filter(([, one]) => holds(run, one)).map(([i]) => i);
  }

  it.each([
    ['x', [0]],
    ['ab', [3, 6]],
    ['aB', [6]],
    ['AB', [6]],
    ['aba', [3, 4, 5]],
    ['a', []],
    ['aa', [5]],
    ['éb', [7]],
    ['xBc', [8]],
    ['10.1.2.3', [12]],
    ['11.1.2.3', []],
    ['1.0', []],
    ['true', []],
    ['', []],
  ])('that is the string %j passes the tests %j', (value, expected) => {
    expect(passed(() => seeString(run, index, value))).toEqual(expected);
    expect(passed(() => seeUnits(run, index, `"${value}"`, 1, 1 + value.length))).toEqual(expected);
  });

  it.each([
    ['1', [9, 11]],
    ['10e-1', [9, 11]],
    ['0', []],
    ['5', [11]],
    ['5.00000001', []],
    ['1e400', [10]],
    ['1E400', []],
    ['1.00000000000000001', []],
  ])('that is the number %s passes the tests %j', (text, expected) => {
    readNumber(run.number, text, 0);
    expect(passed(() => seeNumber(run, index))).toEqual(expected);
  });

  it('that is a literal passes the tests of that literal', () => {
    for (const [literal, expected] of [
      [true, [1]],
      [null, [2]],
      [false, []],
    ] as const)
      expect(passed(() => seeLiteral(run, index, literal))).toEqual(expected);
  });

  it('is not cut out of the text where no test can take it', () => {
    const only = createValueIndex('b');
    useTest(only, { op: 'equals', value: 'wanted' });
    const text = '"something else"';
    beginRun(run);
    seeUnits(run, only, text, 1, text.length - 1);
    expect([only.values, only.log]).toEqual([1, []]);
    only.elementUses = 1;
    seeUnits(run, only, text, 1, text.length - 1);
    expect([only.values, only.log]).toEqual([2, [{ kind: 'string', value: 'something else', element: undefined }]]);
    readNumber(run.number, '1.50', 0);
    seeNumber(run, only);
    expect(only.log.at(-1)).toEqual({ kind: 'number', value: '1.50', element: undefined });
    beginRun(run);
    seeLiteral(run, only, true);
    expect([only.values, only.log]).toEqual([1, [{ kind: 'literal', value: true, element: undefined }]]);
  });
});
