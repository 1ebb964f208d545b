import { describe, expect, it } from 'vitest';
import { explain } from '../../../functions/filter/explain.ts';

describe('explain', () => {
  it('shows each test with its path, what it asked for and what was there', () => {
    const pattern = {
      type: ['order.created', { prefix: 'user.' }],
      data: {
        price: [{ numeric: ['>', 0, '<=', 5] }],
        tags: [{ 'anything-but': ['x', 'y'] }],
        error: [{ exists: false }],
        ip: [{ cidr: '10.0.0.0/8' }],
        n: [1.5],
        ok: [{ exists: true }],
      },
    };
    const { matched, predicates } = explain(
      { pattern },
      '{"type":"user.new","data":{"price":7,"tags":["x",null],"ip":"11.0.0.1","n":15e-1}}',
    );
    expect(matched).toBe(false);
    expect(predicates).toEqual([
      { path: 'data.error', operator: 'exists', expected: false, actual: undefined, matched: true },
      {
        path: 'data.ip',
        operator: 'cidr',
        expected: '10.0.0.0 to 10.255.255.255',
        actual: '"11.0.0.1"',
        matched: false,
      },
      { path: 'data.n', operator: 'equals', expected: '1.5', actual: '15e-1', matched: true },
      { path: 'data.ok', operator: 'exists', expected: true, actual: undefined, matched: false },
      { path: 'data.price', operator: 'numeric', expected: '(0, 5]', actual: '7', matched: false },
      {
        path: 'data.tags',
        operator: 'anything-but',
        expected: [
          { operator: 'equals', expected: 'x' },
          { operator: 'equals', expected: 'y' },
        ],
        actual: '"x", null',
        matched: true,
      },
      { path: 'type', operator: 'equals', expected: 'order.created', actual: '"user.new"', matched: false },
      { path: 'type', operator: 'prefix', expected: 'user.', actual: '"user.new"', matched: true },
    ]);
  });

  it('writes addresses as people do', () => {
    const { predicates } = explain({ pattern: { a: ['10.0.0.1', { cidr: '2001:db8::/126' }] } }, '{"a":"2001:DB8::2"}');
    expect(predicates).toMatchObject([
      { operator: 'equals', expected: '10.0.0.1', matched: false },
      { operator: 'cidr', expected: '2001:db8:0:0:0:0:0:0 to 2001:db8:0:0:0:0:0:3', matched: true },
    ]);
  });

  it('says when the values are there, but in different elements', () => {
    const pattern = { items: { a: [1], b: [2] } };
    const apart = explain({ pattern }, '{"items":[{"a":1,"b":1},{"a":2,"b":2}]}');
    expect(apart.matched).toBe(false);
    expect(apart.predicates.map(({ matched, note }) => [matched, note])).toEqual([
      [true, expect.stringContaining('different elements')],
      [true, expect.stringContaining('different elements')],
    ]);
    const together = explain({ pattern }, '{"items":[{"a":1,"b":2}]}');
    expect(together).toMatchObject({ matched: true, predicates: [{ matched: true }, { matched: true }] });
    expect(together.predicates[0]).not.toHaveProperty('note');
  });

  it('shows the first values of many', () => {
    const { predicates } = explain(
      { pattern: { a: [1] } },
      `{"a":[${Array.from({ length: 20 }, (_, i) => i + 5).join()}]}`,
    );
    expect(predicates[0]?.actual).toBe('5, 6, 7, 8, 9, 10, 11, 12, 13, 14, …');
  });

  it('shows what a negation turns round', () => {
    const { matched, predicates } = explain({ filters: [{ not: { exact: { type: 'a' } } }] }, '{"type":"b"}');
    expect(matched).toBe(true);
    expect(predicates).toMatchObject([{ path: 'type', matched: true, actual: '"b"' }]);
  });

  it('refuses what the index refuses', () => {
    expect(() => explain({ pattern: { a: 1 } }, '{}')).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place: '/pattern/a' }),
    );
    expect(() => explain({ pattern: { a: [1] } }, '{')).toThrow(expect.objectContaining({ code: 'json_invalid' }));
  });
});
