import { describe, expect, it } from 'vitest';
import type { FieldTest } from '../../../../functions/filter/condition.ts';
import {
  type Conjunction,
  addConjunction,
  removeConjunction,
  wayOf,
} from '../../../../functions/filter/engine/conjunction-tree.ts';
import type { Requirement } from '../../../../functions/filter/engine/requirement.ts';
import { useRequirement } from '../../../../functions/filter/engine/requirement-registry.ts';
import { createValueIndex } from '../../../../functions/filter/engine/value-index.ts';

const index = createValueIndex('a');
let ids = 0;

function requirement(...any: FieldTest['any']): Requirement {
  return useRequirement(index, { path: 'a', any }, () => ++ids);
}

function conjunctionOf(way: readonly Requirement[]): Conjunction {
  return { way, related: [], mayBeAbsent: false, goal: { epoch: 0, wakes: undefined }, step: undefined };
}

const createTree = () => ({ withoutValue: new Set<Requirement>() });

describe('the way of a conjunction', () => {
  it('starts with the kind of test that is met least, then with what fewest rules ask', () => {
    const exact = requirement({ op: 'equals', value: 'x' });
    const popular = requirement({ op: 'equals', value: 'y' });
    for (let i = 0; i < 3; i++) requirement({ op: 'equals', value: 'y' });
    const prefix = requirement({ op: 'prefix', value: 'p' });
    const range = requirement({ op: 'range', from: 0, fromIncluded: true, to: 1, toIncluded: true });
    const but = requirement({ op: 'anything-but', of: [{ op: 'equals', value: 'b' }] });
    const exists = requirement({ op: 'exists' });
    const absent = requirement({ op: 'absent' }, { op: 'equals', value: 'z' });
    const way = [exact, popular, prefix, range, but, exists, absent];
    expect(wayOf(way.toReversed())).toEqual(way);
    expect(wayOf([popular, absent, exact, exists, but, prefix, range])).toEqual(way);
    const later = requirement({ op: 'equals', value: 'later' });
    expect(wayOf([later, exact])).toEqual([exact, later]);
  });
});

describe('a tree of conjunctions', () => {
  it('leaves nothing behind when they are gone', () => {
    const tree = createTree();
    const start = requirement({ op: 'equals', value: 'start' });
    const residual = requirement({ op: 'exists' });
    const absent = requirement({ op: 'absent' });
    const others = Array.from({ length: 20 }, (_, i) => requirement({ op: 'equals', value: `${i}` }));
    const all = [
      ...others.map((other) => conjunctionOf([start, other])),
      ...others.map((other) => conjunctionOf([start, other, residual])),
      conjunctionOf([start]),
      conjunctionOf([start, residual]),
      conjunctionOf([residual]),
      conjunctionOf([absent]),
      conjunctionOf([residual, absent]),
    ];
    for (const one of all) addConjunction(tree, one);
    expect(start.start).toMatchObject({ isSpread: true, ends: [all[40]], waiting: [] });
    expect(start.start?.next?.size).toBe(20);
    expect(index.residuals).toEqual([residual, absent]);
    expect([...tree.withoutValue]).toEqual([absent]);
    for (const [i, one] of all.entries()) {
      removeConjunction(tree, one);
      removeConjunction(tree, one);
      expect(one.step).toBeUndefined();
      if (i === 40) expect(start.start?.next?.size).toBe(0);
    }
    for (const one of [start, residual, absent, ...others]) expect(one.start).toBeUndefined();
    expect(index.residuals).toEqual([]);
    expect(tree.withoutValue.size).toBe(0);
  });

  it('lets a few wait together', () => {
    const tree = createTree();
    const start = requirement({ op: 'equals', value: 'few' });
    const few = Array.from({ length: 8 }, (_, i) =>
      conjunctionOf([start, requirement({ op: 'equals', value: `few ${i}` })]),
    );
    for (const one of few) addConjunction(tree, one);
    expect(start.start).toMatchObject({ isSpread: false, waiting: few, next: undefined });
    addConjunction(tree, conjunctionOf([start, requirement({ op: 'equals', value: 'one more' })]));
    expect(start.start).toMatchObject({ isSpread: true, waiting: [] });
  });
});
