import { describe, expect, it } from 'vitest';
import {
  addCaseTest,
  createCaseIndex,
  findCaseTests,
  removeCaseTest,
} from '../../../../functions/filter/engine/case-index.ts';
import type { TestNode } from '../../../../functions/filter/engine/requirement.ts';
import { createRun } from '../../../../functions/filter/engine/run.ts';
import {
  endsIgnoringCase,
  equalsIgnoringCase,
  isAscii,
  startsIgnoringCase,
} from '../../../../functions/filter/values/letter-case.ts';

const holds = {
  'equals-ignore-case': equalsIgnoringCase,
  'prefix-ignore-case': startsIgnoringCase,
  'suffix-ignore-case': endsIgnoringCase,
};
type Operator = keyof typeof holds;

function nodeOf(op: Operator, pattern: string): TestNode {
  const exclusion = { tests: [], epoch: 0, lastValue: 0, excluded: 0, excludedPlain: 0 };
  return {
    alone: undefined,
    requirements: [],
    exclusions: [exclusion],
    test: { op, value: pattern },
    pattern,
    isAscii: isAscii(pattern),
    uses: 1,
  };
}

describe('an index of tests that ignore case', () => {
  it.each<[string, readonly Operator[], readonly string[]]>([
    ['few ASCII patterns', ['equals-ignore-case'], ['a', 'Ab', 'K', 'z[']],
    ['many ASCII patterns', ['equals-ignore-case'], ['a', 'Ab', 'K', 'z[', '', 'aB', 'SS', 'I']],
    ['patterns beyond ASCII', ['equals-ignore-case'], ['ß', 'ss', 'é', '\u212a', 'k', 'ı', 'i']],
    ['beginnings and ends', ['prefix-ignore-case', 'suffix-ignore-case'], ['a', 'Ab', 'ß', 'K', '\u212a', '']],
    ['all kinds', Object.keys(holds) as Operator[], ['a', 'Ab', 'ß', 'É']],
  ])('finds what comparing each finds, of %s, and leaves nothing behind', (_, operators, patterns) => {
    const run = createRun();
    const index = createCaseIndex();
    const values = [
      ...patterns.flatMap((one) => [one, one.toUpperCase(), one.toLowerCase(), `x${one}`, `${one}x`]),
      'z{',
    ];
    const nodes = operators.flatMap((op) => patterns.map((pattern) => ({ op, pattern, node: nodeOf(op, pattern) })));

    function expectSame(present: typeof nodes): void {
      for (const value of values) {
        run.epoch++;
        run.value++;
        findCaseTests(run, index, value);
        const passed = nodes.filter(({ node }) => node.exclusions[0]?.epoch === run.epoch);
        const expected = present.filter(({ op, pattern }) => holds[op](value, pattern));
        expect(passed, value).toEqual(expected);
      }
    }

    for (const [i, { op, pattern, node }] of nodes.entries()) {
      addCaseTest(index, op, pattern, node);
      expect(index.size).toBe(i + 1);
      expectSame(nodes.slice(0, i + 1));
    }
    for (const [i, { op, pattern, node }] of nodes.entries()) {
      removeCaseTest(index, op, pattern, node);
      expect(index.size).toBe(nodes.length - i - 1);
      expectSame(nodes.slice(i + 1));
    }
    expect(index).toMatchObject({ size: 0, affixes: 0 });
    expect(index.equal.size + index.prefixes.root.children.size + index.suffixes.root.children.size).toBe(0);
    removeCaseTest(createCaseIndex(), 'equals-ignore-case', 'not there', nodeOf('equals-ignore-case', 'not there'));
  });

  it('makes no key of a value while few ASCII patterns are there', () => {
    const index = createCaseIndex();
    for (const pattern of ['a', 'b', 'c', 'd'])
      addCaseTest(index, 'equals-ignore-case', pattern, nodeOf('equals-ignore-case', pattern));
    expect(index.few).toHaveLength(4);
    addCaseTest(index, 'equals-ignore-case', 'e', nodeOf('equals-ignore-case', 'e'));
    expect(index.few).toBeUndefined();
    const other = createCaseIndex();
    addCaseTest(other, 'equals-ignore-case', 'é', nodeOf('equals-ignore-case', 'é'));
    expect(other.few).toBeUndefined();
  });
});
