import { describe, expect, it } from 'vitest';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';

const event = {
  type: 'order.created',
  source: '/shop',
  data: { n: 10, s: '10', none: null, empty: [], tags: ['a', 'b'], lines: [{ sku: 'x' }, { sku: 'y' }] },
};

function matches(eventmesh: unknown): boolean {
  const index = createRuleIndex<string>();
  index.add('rule', { eventmesh });
  return index.match(JSON.stringify(event)).length === 1;
}

describe('EventMesh patterns in strict mode', () => {
  it.each([
    [{ n: [10] }, true],
    [{ n: ['10'] }, false],
    [{ s: [10] }, false],
    [{ none: [null] }, true],
    [{ missing: [null] }, false],
    [{ missing: [{ exists: false }] }, true],
    [{ none: [{ exists: true }] }, true],
    [{ empty: [{ exists: true }] }, true],
    [{ empty: [{ exists: false }] }, false],
    [{ lines: [{ exists: true }] }, true],
    [{ missing: [{ 'anything-but': 'x' }] }, false],
    [{ none: [{ 'anything-but': 'x' }] }, true],
    [{ n: [{ numeric: ['>', 5, '<', 20, '>=', 10, '<=', 10] }] }, true],
    [{ n: [{ numeric: ['>', 10, '>=', 10] }] }, false],
    [{ n: [{ numeric: ['!=', 9, '!=', 11] }] }, true],
    [{ n: [{ numeric: ['=', 10, '=', 11] }] }, false],
    [{ s: [{ numeric: ['=', 10] }] }, false],
    [{ s: [{ prefix: '1', suffix: '0' }] }, true],
    [{ s: [{ prefix: '1', suffix: '1' }] }, false],
    [{ s: ['x', { prefix: '1', suffix: '0' }] }, true],
    [{ tags: ['b'], n: [11] }, false],
    [{ lines: { sku: ['y'] } }, true],
    [{ lines: { sku: [{ exists: false }] } }, false],
    [{ n: [{ 'anything-but': { numeric: ['>', 5] } }] }, false],
    [{ n: [{ 'anything-but': { numeric: ['>', 15] } }] }, true],
    [{ n: [{ 'anything-but': { exists: true } }] }, false],
  ])('%j is %s', (data, answer) => {
    expect(matches({ data })).toBe(answer);
  });
});

describe('EventMesh patterns in EventMesh mode', () => {
  it.each([
    [{ n: ['10'] }, true],
    [{ missing: ['null'] }, true],
    [{ missing: [{ exists: false }] }, false],
    [{ s: [{ numeric: ['=', 11] }] }, true],
    [{ tags: ['b'], n: [11] }, true],
    [{ tags: ['z'] }, true],
    [{ s: [{ prefix: '1', suffix: '1' }] }, true],
    [{ lines: { sku: ['y'] } }, false],
    [{ n: [] }, false],
  ])('%j is %s', (data, answer) => {
    expect(matches({ pattern: { data }, mode: 'eventmesh' })).toBe(answer);
  });
});

describe('EventMesh patterns that are refused', () => {
  it.each([
    [{}, ''],
    [[], ''],
    [{ myext: ['x'] }, '/myext'],
    [{ type: [] }, '/type'],
    [{ type: 'x' }, '/type'],
    [{ data: [] }, '/data'],
    [{ data: { a: [] } }, '/data/a'],
    [{ type: [['x']] }, '/type/0'],
    [{ type: [{}] }, '/type/0'],
    [{ type: [{ 'equals-ignore-case': 'x' }] }, '/type/0/equals-ignore-case'],
    [{ type: [{ prefix: ['x'] }] }, '/type/0/prefix'],
    [{ type: [{ exists: 'true' }] }, '/type/0/exists'],
    [{ type: [{ numeric: ['>'] }] }, '/type/0/numeric'],
    [{ type: [{ numeric: ['==', 1] }] }, '/type/0/numeric/0'],
    [{ type: [{ numeric: ['>', '1'] }] }, '/type/0/numeric/1'],
    [{ type: [{ 'anything-but': { 'anything-but': 'x' } }] }, '/type/0/anything-but/anything-but'],
    [{ pattern: { type: ['x'] }, mode: 'lax' }, '/mode'],
    [{ pattern: { type: ['x'] }, strict: true }, '/strict'],
    [{ pattern: { type: [] } }, '/pattern/type'],
  ])('%j at %s', (pattern, place) => {
    expect(() => matches(pattern)).toThrow(
      expect.objectContaining({
        code: 'filter_invalid',
        place: `/eventmesh${place}`,
        mend: expect.stringMatching(/./),
      }),
    );
  });
});
