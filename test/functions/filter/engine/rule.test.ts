import { describe, expect, it } from 'vitest';
import type { Condition, FieldsCondition, PredicateCondition } from '../../../../functions/filter/condition.ts';
import {
  type Part,
  expressionOf,
  holdsFor,
  neededParts,
  partsOf,
  plainConjunctions,
  predicatesOf,
} from '../../../../functions/filter/engine/rule.ts';

const fieldsOf = (path: string): FieldsCondition => ({ kind: 'fields', fields: [{ path, any: [{ op: 'exists' }] }] });
const a = fieldsOf('a');
const b = fieldsOf('b');
const c = fieldsOf('c');
const nothing: FieldsCondition = { kind: 'fields', fields: [] };
const yes: PredicateCondition = { kind: 'predicate', test: () => true, explain: () => [] };
const no: PredicateCondition = { kind: 'predicate', test: () => false, explain: () => [] };
const view = { get: () => undefined, value: () => undefined };

const all = (...of: Condition[]): Condition => ({ kind: 'all', of });
const any = (...of: Condition[]): Condition => ({ kind: 'any', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });

describe('a condition', () => {
  it.each<[string, Condition, FieldsCondition[] | undefined]>([
    ['of fields', a, [a]],
    ['of alternatives', any(a, b), [a, b]],
    ['of one alternative', any(a), [a]],
    ['without fields', nothing, undefined],
    ['of alternatives of which one asks nothing', any(a, nothing), undefined],
    ['without alternatives', any(), undefined],
    ['of parts', all(a, b), undefined],
    ['with a predicate', any(a, yes), undefined],
    ['that is denied', not(a), undefined],
  ])('%s is plain or not', (_, condition, expected) => expect(plainConjunctions(condition)).toEqual(expected));

  it('becomes an expression over its parts and predicates, in order', () => {
    const expression = expressionOf(all(a, any(b, not(c)), yes, not(no), nothing));
    expect(partsOf(expression).map(({ condition }) => condition)).toEqual([a, b, c]);
    expect(partsOf(expression)).toEqual([a, b, c].map((condition) => ({ epoch: 0, condition, wakes: [] })));
    expect(predicatesOf(expression)).toEqual([yes, no]);
  });
});

describe('an expression', () => {
  it.each<[string, Condition, Record<string, boolean>]>([
    ['of nothing', all(), { '': true }],
    ['of no alternative', any(), { '': false }],
    ['without fields', nothing, { '': true }],
    ['of a part', a, { '': false, a: true, b: false }],
    ['of two parts', all(a, b), { '': false, a: false, b: false, ab: true }],
    ['of alternatives', any(a, b), { '': false, a: true, b: true }],
    ['that is denied', not(a), { '': true, a: false }],
    ['of predicates', all(yes, not(no)), { '': true }],
    ['with a predicate', all(a, no), { a: false }],
    ['with either', any(a, yes), { '': true }],
  ])('%s holds for the parts that were reached', (_, condition, expected) => {
    for (const [reached, holds] of Object.entries(expected)) {
      const expression = expressionOf(condition);
      for (const part of partsOf(expression))
        part.epoch = reached.includes(part.condition.fields[0]?.path ?? '-') ? 7 : 6;
      expect(holdsFor(expression, 7, view), reached).toBe(holds);
    }
  });

  it.each<[string, Condition, string | undefined]>([
    ['a part', a, 'a'],
    ['alternatives', any(a, b), 'ab'],
    ['alternatives, one without parts', any(a, yes), undefined],
    ['no alternative', any(), ''],
    ['several parts', all(a, b), 'a'],
    ['parts, one with alternatives', all(any(a, b), c), 'c'],
    ['parts and a predicate', all(yes, b), 'b'],
    ['parts and what is denied', all(not(a), b), 'b'],
    ['nothing', all(), undefined],
    ['a predicate', yes, undefined],
    ['what is denied', not(a), undefined],
    ['nested alternatives', any(all(any(a, b), c), all(b, yes)), 'cb'],
  ])('needs the fewest parts it cannot do without: %s', (_, condition, expected) => {
    const needed: readonly Part[] | undefined = neededParts(expressionOf(condition));
    expect(needed?.map((part) => part.condition.fields[0]?.path).join('')).toBe(expected);
  });
});
