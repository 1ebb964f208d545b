import { describe, expect, it } from 'vitest';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';

const event = JSON.stringify({
  specversion: '1.0',
  id: '1',
  source: '/shop',
  type: 'order.created',
  ttl: 20,
  vip: true,
  data: { type: 'order.paid' },
});

function matches(filters: unknown, json = event): boolean {
  const index = createRuleIndex<string>();
  index.add('rule', { filters: filters as unknown[] });
  return index.match(json).length === 1;
}

describe('subscription filters', () => {
  it('passes every event without a filter', () => {
    expect(matches([])).toBe(true);
    expect(matches(undefined)).toBe(true);
  });

  it('takes nothing but a list', () => {
    for (const filters of [null, {}, 'all', 0, false]) {
      expect(() => matches(filters), JSON.stringify(filters)).toThrow('The filters are not an array.');
    }
  });

  it('joins the filters, and the attributes of one filter, by AND', () => {
    expect(matches([{ exact: { type: 'order.created', source: '/shop' } }, { prefix: { id: '1' } }])).toBe(true);
    expect(matches([{ exact: { type: 'order.created', source: '/other' } }])).toBe(false);
    expect(matches([{ exact: { type: 'order.created' } }, { exact: { id: '2' } }])).toBe(false);
  });

  it.each([
    [{ exact: { ttl: '20' } }, true],
    [{ exact: { ttl: '020' } }, false],
    [{ prefix: { ttl: '2' } }, true],
    [{ suffix: { ttl: '0' } }, true],
    [{ suffix: { ttl: '2' } }, false],
    [{ exact: { vip: 'true' } }, true],
    [{ prefix: { vip: 'tr' } }, true],
    [{ suffix: { vip: 'ue' } }, true],
    [{ exact: { vip: 'false' } }, false],
  ])('compares integers and booleans by their text: %j', (filter, answer) => {
    expect(matches([filter])).toBe(answer);
  });

  it('looks at attributes, not into the payload', () => {
    expect(matches([{ exact: { type: 'order.paid' } }])).toBe(false);
  });

  it('negates a missing attribute to a match', () => {
    expect(matches([{ not: { exact: { subject: 'x' } } }])).toBe(true);
    expect(matches([{ not: { not: { exact: { subject: 'x' } } } }])).toBe(false);
  });

  it('nests all, any, not and sql', () => {
    const any = [{ all: [{ exact: { id: '2' } }] }, { not: { any: [{ sql: 'ttl > 20' }, { exact: { id: '3' } }] } }];
    expect(matches([{ any }])).toBe(true);
  });

  it.each([
    ['an array', {}, ''],
    ['a dialect', [{}], '/0'],
    ['one dialect only', [{ exact: { id: '1' }, prefix: { id: '1' } }], '/0'],
    ['a known dialect', [{ regex: { id: '1' } }], '/0/regex'],
    ['an attribute', [{ exact: {} }], '/0/exact'],
    ['a text', [{ exact: { id: '' } }], '/0/exact/id'],
    ['a string', [{ exact: { ttl: 20 } }], '/0/exact/ttl'],
    ['a name', [{ exact: { '': 'x' } }], '/0/exact/'],
    ['an attribute name', [{ exact: { 'a/b': 'x' } }], '/0/exact/a~1b'],
    ['not the payload', [{ exact: { data: 'x' } }], '/0/exact/data'],
    ['at least one filter', [{ any: [] }], '/0/any'],
    ['a filter in not', [{ not: [] }], '/0/not'],
    ['an expression', [{ sql: 1 }], '/0/sql'],
    ['a valid expression', [{ all: [{ sql: 'a =' }] }], '/0/all/0/sql expression:4'],
    ['known functions', [{ sql: 'TRUE AND nope(1)' }], '/0/sql expression:10'],
  ])('asks for %s', (_, filters, place) => {
    expect(() => matches(filters)).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place: `/filters${place}`, mend: expect.stringMatching(/./) }),
    );
  });

  it('bounds nesting and number', () => {
    let nested: unknown = { exact: { id: '1' } };
    for (let depth = 0; depth < 40; depth += 1) nested = { not: nested };
    expect(() => matches([nested])).toThrow(/deeper than 32/);
    expect(() => matches(Array.from({ length: 1001 }, () => ({ exact: { id: '1' } })))).toThrow(/more than 1000/);
  });
});
