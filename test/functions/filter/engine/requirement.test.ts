import { beforeEach, describe, expect, it } from 'vitest';
import type { ValueTest } from '../../../../functions/filter/condition.ts';
import { createElement } from '../../../../functions/filter/engine/element-tree.ts';
import {
  type Requirement,
  holds,
  holdsByValue,
  holdsPlainly,
  isSpent,
  noElements,
} from '../../../../functions/filter/engine/requirement.ts';
import {
  relateElements,
  releaseRequirement,
  useRequirement,
} from '../../../../functions/filter/engine/requirement-registry.ts';
import { type Run, beginRun, createRun, enterElement, leaveElement } from '../../../../functions/filter/engine/run.ts';
import {
  type ValueIndex,
  createValueIndex,
  seeLiteral,
  seeString,
} from '../../../../functions/filter/engine/value-index.ts';

const x: ValueTest = { op: 'equals', value: 'x' };
const y: ValueTest = { op: 'equals', value: 'y' };
const startsWithX: ValueTest = { op: 'prefix', value: 'x' };
const butX: ValueTest = { op: 'anything-but', of: [{ op: 'equals', value: 'x' }] };
const butXs: ValueTest = {
  op: 'anything-but',
  of: [
    { op: 'equals', value: 'x' },
    { op: 'prefix', value: 'x' },
  ],
};
const exists: ValueTest = { op: 'exists' };
const absent: ValueTest = { op: 'absent' };

let run: Run;
let index: ValueIndex;
let ids: number;

beforeEach(() => {
  run = createRun();
  index = createValueIndex('a');
  ids = 0;
});

function use(...any: ValueTest[]): Requirement {
  return useRequirement(index, { path: 'a', any }, () => ++ids);
}

/** An event with values outside of elements, then some in an element of their own. */
function see(plain: readonly (string | null)[], inElements: readonly (string | null)[] = []): void {
  beginRun(run);
  const one = (value: string | null): void =>
    value === null ? seeLiteral(run, index, null) : seeString(run, index, value);
  for (const value of plain) one(value);
  for (const [i, value] of inElements.entries()) {
    const outer = enterElement(run, 0, i);
    one(value);
    leaveElement(run, outer);
  }
}

/** Whether a requirement holds at all, outside of elements, and by a value. */
function how(requirement: Requirement): string {
  const ways = { all: holds, plainly: holdsPlainly, value: holdsByValue };
  return Object.entries(ways)
    .filter(([, way]) => way(run, requirement))
    .map(([name]) => name)
    .join(' ');
}

describe('a requirement', () => {
  it.each<[string, ValueTest[], [string, string, string, string, string, string]]>([
    // Nothing seen; x; y; x in an element; y in an element; x plainly and y in an element.
    ['a value', [x], ['', 'all plainly value', '', 'all value', '', 'all plainly value']],
    [
      'one of two',
      [x, y],
      ['', 'all plainly value', 'all plainly value', 'all value', 'all value', 'all plainly value'],
    ],
    ['anything but', [butX], ['', '', 'all plainly value', '', 'all value', 'all value']],
    ['anything but several', [butXs], ['', '', 'all plainly value', '', 'all value', 'all value']],
    [
      'to exist',
      [exists],
      ['', 'all plainly value', 'all plainly value', 'all value', 'all value', 'all plainly value'],
    ],
    ['to be absent', [absent], ['all plainly', '', '', 'all', 'all', '']],
    ['a value or none', [x, absent], ['all plainly', 'all plainly value', '', 'all value', 'all', 'all plainly value']],
    ['another or none', [butX, absent], ['all plainly', '', 'all plainly value', 'all', 'all value', 'all value']],
    [
      'a value or another',
      [x, butX],
      ['', 'all plainly value', 'all plainly value', 'all value', 'all value', 'all plainly value'],
    ],
  ])('of %s holds by the values that were seen', (_, any, expected) => {
    const requirement = use(...any);
    const events: [string[], string[]][] = [
      [[], []],
      [['x'], []],
      [['y'], []],
      [[], ['x']],
      [[], ['y']],
      [['x'], ['y']],
    ];
    for (const [i, [plain, inElements]] of events.entries()) {
      see(plain, inElements);
      expect(how(requirement), String(i)).toBe(expected[i]);
      // What was seen in one event says nothing in the next.
      see([], []);
      expect(how(requirement), `after ${i}`).toBe(expected[0]);
    }
  });

  it('of anything but some values counts each value once', () => {
    const requirement = use(butXs);
    see(['x', 'xx', 'x']);
    expect(how(requirement)).toBe('');
    see(['x', 'xx', 'x', null]);
    expect(how(requirement)).toBe('all plainly value');
    see(['x', 'x'], ['x', 'xx']);
    expect(how(requirement)).toBe('');
    see(['x'], ['xx', null]);
    expect(how(requirement)).toBe('all value');
  });

  it('that was met in an element is met plainly by a later value', () => {
    const requirement = use(x);
    beginRun(run);
    const outer = enterElement(run, 0, 0);
    seeString(run, index, 'x');
    expect(how(requirement)).toBe('all value');
    leaveElement(run, outer);
    seeString(run, index, 'x');
    expect(how(requirement)).toBe('all plainly value');
    expect([run.metCount, run.met[0]]).toEqual([1, requirement]);
  });

  it('that is asked afterwards is not among those that values met', () => {
    use(x, exists);
    use(y);
    see(['x']);
    expect(run.metCount).toBe(0);
    see(['x', 'y']);
    expect(run.metCount).toBe(1);
  });

  it('keeps the elements of its values only where they can contradict others', () => {
    const requirement = use(x);
    run.elementUses = 1;
    see(['x'], ['x', 'y', 'x']);
    expect(requirement.metElements).toEqual([]);
    expect(noElements).toEqual([]);
    relateElements(requirement, 1);
    expect(index.elementUses).toBe(0);
    see(['x'], ['x', 'y', 'x']);
    expect(requirement.metElements).toEqual([
      undefined,
      createElement(0, 0, undefined),
      createElement(0, 2, undefined),
    ]);
    see([], ['x']);
    expect(requirement.metElements).toEqual([createElement(0, 0, undefined)]);
    expect(noElements).toEqual([]);
    const residual = use(butX);
    relateElements(residual, 1);
    expect([residual.elementUses, index.elementUses]).toEqual([1, 1]);
    see(['y'], [null]);
    expect(index.log).toEqual([
      { kind: 'string', value: 'y', element: undefined },
      { kind: 'literal', value: null, element: createElement(0, 0, undefined) },
    ]);
    relateElements(residual, -1);
    relateElements(requirement, -1);
    expect([residual.elementUses, index.elementUses, requirement.elementUses]).toEqual([0, 0, 0]);
  });
});

describe('a test is spent', () => {
  it('when all who ask it were met as well as they can be', () => {
    const [alone] = use(x).tests;
    const both = use(x, y);
    if (alone === undefined) throw new Error('no test');
    beginRun(run);
    expect(isSpent(run, alone)).toBe(false);
    const outer = enterElement(run, 0, 0);
    seeString(run, index, 'x');
    expect(isSpent(run, alone)).toBe(true);
    leaveElement(run, outer);
    // A value outside of elements would tell more.
    expect(isSpent(run, alone)).toBe(false);
    seeString(run, index, 'x');
    expect(isSpent(run, alone)).toBe(true);
    relateElements(both, 1);
    expect(isSpent(run, alone)).toBe(false);
    relateElements(both, -1);
    relateElements(use(x), 1);
    expect(isSpent(run, alone)).toBe(false);
    relateElements(use(x), -1);
    beginRun(run);
    expect(isSpent(run, alone)).toBe(false);
  });

  it('when those who ask it together with others were met by those', () => {
    use(x, y);
    see(['y']);
    const [first, second] = use(x, y).tests;
    if (first === undefined || second === undefined) throw new Error('no tests');
    expect([isSpent(run, first), isSpent(run, second)]).toEqual([true, true]);
    use(x);
    expect([isSpent(run, first), isSpent(run, second)]).toEqual([false, true]);
  });

  it('never where it excludes, since each value counts', () => {
    use(butX);
    see(['x', 'x']);
    const [exclusion] = use(butX).exclusions;
    const [test] = exclusion?.tests ?? [];
    expect(exclusion).toMatchObject({ excluded: 2, excludedPlain: 2 });
    expect(test === undefined || isSpent(run, test)).toBe(false);
  });
});

describe('the requirements of a field', () => {
  it('are shared by all who ask the same, in any order', () => {
    expect(use(x)).toBe(use(x));
    expect(use(x, y)).toBe(use(y, x));
    expect(use(x, x, y)).toBe(use(x, y));
    expect(use(butX)).toBe(use(butX));
    expect(use(x)).not.toBe(use(y));
    expect(use(x)).not.toBe(use(x, y));
    expect(use(butX)).not.toBe(use(butXs));
    expect(index.requirementCount).toBe(5);
    expect(new Set([use(x).id, use(y).id, use(x, y).id, use(butX).id, use(butXs).id])).toEqual(
      new Set([1, 2, 3, 4, 5]),
    );
  });

  it('say what they are', () => {
    expect(use(x)).toMatchObject({
      isResidual: false,
      exists: false,
      absent: false,
      key: undefined,
      metPlainly: false,
      rank: 0,
    });
    expect(use(startsWithX, exists)).toMatchObject({ isResidual: true, exists: true, absent: false, rank: 5 });
    expect(use(absent)).toMatchObject({ isResidual: true, exists: false, absent: true, rank: 6 });
    expect(use(butX)).toMatchObject({ isResidual: true, exists: false, absent: false, rank: 4 });
    expect(use(x, y).tests).toHaveLength(2);
    expect(use(x).tests).toEqual([index.exact.nodes.get('x')]);
  });

  it('leave nothing behind when the last who asks is gone', () => {
    const all = [
      [x],
      [x],
      [x, y],
      [startsWithX],
      [startsWithX, x],
      [butX],
      [butXs],
      [exists],
      [absent, y],
      [{ op: 'equals', value: null }],
    ];
    const used = all.map((any) => use(...(any as ValueTest[])));
    const node = index.exact.nodes.get('x');
    expect(node).toMatchObject({ alone: used[0], uses: 5 });
    for (const [i, requirement] of used.entries()) {
      releaseRequirement(requirement);
      if (i === 0) expect(node?.alone).toBe(used[0]);
      if (i === 1) expect(node?.alone).toBeUndefined();
    }
    expect(node).toMatchObject({ alone: undefined, uses: 0, requirements: [], exclusions: [] });
    expect(index).toMatchObject({
      requirementCount: 0,
      literals: new Map(),
      tests: new Map(),
      requirements: new Map(),
    });
    expect(index.exact.nodes.size).toBe(0);
    expect(index.prefixes?.root.children.size).toBe(0);
  });
});
