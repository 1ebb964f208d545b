import { describe, expect, it } from 'vitest';
import type { Condition, FieldsCondition, PredicateCondition } from '../../../../functions/filter/condition.ts';
import { simplify, topOf } from '../../../../functions/filter/engine/simplify.ts';

const test = [{ op: 'exists' }] as const;
const fieldsOf = (...paths: string[]): FieldsCondition => ({
  kind: 'fields',
  fields: paths.map((path) => ({ path, any: test })),
});
const predicate: PredicateCondition = { kind: 'predicate', test: () => true, explain: () => [] };
const all = (...of: Condition[]): Condition => ({ kind: 'all', of });
const any = (...of: Condition[]): Condition => ({ kind: 'any', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });

describe('a simplified condition', () => {
  it.each<[string, Condition, Condition]>([
    [
      'puts fields below different members together',
      all(fieldsOf('a.x'), fieldsOf('b', 'c.y')),
      fieldsOf('a.x', 'b', 'c.y'),
    ],
    [
      'leaves fields below one member apart',
      all(fieldsOf('a.x'), fieldsOf('a.y')),
      all(fieldsOf('a.x'), fieldsOf('a.y')),
    ],
    [
      'leaves a field apart that is asked twice',
      all(fieldsOf('a'), fieldsOf('b'), fieldsOf('a')),
      all(fieldsOf('a', 'b'), fieldsOf('a')),
    ],
    ['takes no fields for none', all(fieldsOf(), predicate), all(fieldsOf(), predicate)],
    [
      'joins nested lists of one kind',
      all(all(predicate, all(fieldsOf('a'))), fieldsOf('b')),
      all(fieldsOf('a', 'b'), predicate),
    ],
    [
      'joins nested alternatives',
      any(any(fieldsOf('a'), any(fieldsOf('b'))), predicate),
      any(fieldsOf('a'), fieldsOf('b'), predicate),
    ],
    ['keeps alternatives apart', any(fieldsOf('a'), fieldsOf('b')), any(fieldsOf('a'), fieldsOf('b'))],
    [
      'keeps what is of another kind',
      all(any(fieldsOf('a'), fieldsOf('b')), predicate),
      all(any(fieldsOf('a'), fieldsOf('b')), predicate),
    ],
    ['takes a list of one for that one', all(any(all(fieldsOf('a')))), fieldsOf('a')],
    ['looks into what is denied', not(all(fieldsOf('a'), fieldsOf('b'))), not(fieldsOf('a', 'b'))],
    ['leaves nothing as it is', all(), all()],
    ['leaves no alternative as it is', any(), any()],
    ['leaves fields as they are', fieldsOf('b', 'a'), fieldsOf('b', 'a')],
    ['leaves a predicate as it is', predicate, predicate],
  ])('%s', (_, condition, expected) => expect(simplify(condition)).toEqual(expected));

  it('has at most 256 fields in one conjunction', () => {
    const many = (letter: string, count: number): FieldsCondition =>
      fieldsOf(...Array.from({ length: count }, (_, i) => `${letter}${i}`));
    const joined = simplify(all(many('a', 200), many('b', 56)));
    expect(joined).toMatchObject({ kind: 'fields' });
    const apart = simplify(all(many('a', 200), many('b', 57), many('c', 56)));
    expect(apart).toEqual(
      all({ kind: 'fields', fields: [...many('a', 200).fields, ...many('c', 56).fields] }, many('b', 57)),
    );
  });
});

describe('the top of a path', () => {
  it.each([
    ['a', 'a'],
    ['a.b.c', 'a'],
    ['.b', ''],
    ['', ''],
  ])('%j is %j', (path, top) => expect(topOf(path)).toBe(top));
});
