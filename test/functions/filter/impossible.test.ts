import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import type { Event } from '../../../event/event.ts';
import { fromJson } from '../../../event/json-format.ts';
import type { Condition, FieldTest, ValueTest } from '../../../functions/filter/condition.ts';
import { defineFilter } from '../../../functions/filter/define-filter.ts';
import type { Filter } from '../../../functions/filter/filter.ts';
import { findImpossibility } from '../../../functions/filter/impossible.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 1_000);

describe('a filter that takes no event', () => {
  it.each<[string, Filter, { path: string; why: string }]>([
    ['an empty source', { pattern: { source: [''] } }, { path: 'source', why: 'value' }],
    ['a version that is refused', { pattern: { specversion: ['0.3', '2.0'] } }, { path: 'specversion', why: 'value' }],
    [
      'all but the only version',
      { pattern: { specversion: [{ 'anything-but': ['1.0'] }] } },
      { path: 'specversion', why: 'value' },
    ],
    ['no type', { pattern: { type: [{ exists: false }] } }, { path: 'type', why: 'value' }],
    ['a number for a type', { pattern: { type: [5, { numeric: ['>', 1] }] } }, { path: 'type', why: 'value' }],
    ['a time that is none', { pattern: { time: ['yesterday'] } }, { path: 'time', why: 'value' }],
    [
      'an extension that is no integer',
      { pattern: { sequence: [1.5, { numeric: ['>', 3_000_000_000] }] } },
      { path: 'sequence', why: 'value' },
    ],
    [
      'names of EventBridge',
      { pattern: { 'detail-type': ['Order'], type: ['x'] } },
      { path: 'detail-type', why: 'name' },
    ],
    ['members of an attribute', { pattern: { subject: { id: ['1'] } } }, { path: 'subject.id', why: 'name' }],
    ['a payload in the wrong place', { pattern: { detail: { total: [1] } } }, { path: 'detail.total', why: 'name' }],
    [
      'alternatives none of which can be',
      { pattern: { $or: [{ id: [''] }, { Type: ['a'] }] } },
      { path: 'id', why: 'value' },
    ],
    [
      'two types',
      { filters: [{ exact: { type: 'a' } }, { exact: { type: 'b' } }] },
      { path: 'type', why: 'contradiction' },
    ],
    [
      'a type and not that type',
      { filters: [{ exact: { type: 'ab' } }, { not: { prefix: { type: 'a' } } }] },
      { path: 'type', why: 'contradiction' },
    ],
    [
      'one of some and none of them',
      {
        filters: [
          { any: [{ exact: { type: 'a' } }, { exact: { type: 'b' } }] },
          { not: { any: [{ exact: { type: 'a' } }, { exact: { type: 'b' } }] } },
        ],
      },
      { path: 'type', why: 'contradiction' },
    ],
    [
      'two beginnings',
      { filters: [{ prefix: { type: 'order.' } }, { prefix: { type: 'user.' } }] },
      { path: 'type', why: 'contradiction' },
    ],
    [
      'two endings',
      { filters: [{ suffix: { type: '.a' } }, { suffix: { type: '.b' } }] },
      { path: 'type', why: 'contradiction' },
    ],
    ['two texts in SQL', { sql: "type = 'a' AND type = 'b'" }, { path: 'type', why: 'contradiction' }],
    [
      'a text beside what is there in SQL',
      { sql: "type = 'a' AND source LIKE 'b%' AND type IN ('b', 'c')" },
      { path: 'type', why: 'contradiction' },
    ],
    ['two texts in JSONata', { jsonata: 'type = "a" and type = "b"' }, { path: 'type', why: 'contradiction' }],
    [
      'numbers that exclude each other',
      { eventmesh: { data: { total: [{ numeric: ['>', 10, '<', 5] }] } } },
      { path: 'data.total', why: 'value' },
    ],
  ])('is known by %s', (_what, filter, expected) => {
    expect(findImpossibility(filter)).toEqual(expected);
  });

  it.each<[string, Filter]>([
    ['values of the data, of which there may be many', { eventmesh: { data: { a: [{ numeric: ['>=', 5] }] } } }],
    ['two demands on the data', { jsonata: 'data.total > 10 and data.total < 5' }],
    ['what is not there, of an attribute that may be missing', { pattern: { detail: [{ exists: false }] } }],
    ['nothing at a subject', { pattern: { subject: [null] } }],
    ['an extension of each kind', { pattern: { a: [true], b: [2_147_483_647], c: [''], d: [null] } }],
    ['nested beginnings', { filters: [{ prefix: { type: 'order.' } }, { prefix: { type: 'order.paid' } }] }],
    [
      'one of several',
      { filters: [{ any: [{ exact: { type: 'a' } }, { exact: { type: 'b' } }] }, { exact: { type: 'b' } }] },
    ],
    ['no filter at all', { filters: [] }],
    [
      'several that are not both',
      { filters: [{ not: { exact: { type: 'a', source: 'b' } } }, { exact: { type: 'a' } }] },
    ],
    ['names of EventBridge in its language', { eventbridge: { 'detail-type': ['Order'], detail: { a: [1] } } }],
  ])('is not %s', (_what, filter) => {
    expect(findImpossibility(filter)).toBeUndefined();
  });

  const paid = { path: 'data.state', any: [{ op: 'equals', value: 'paid' }] } as const;
  const total = (from: number) =>
    ({
      path: 'data.total',
      any: [{ op: 'range', from, to: Infinity, fromIncluded: true, toIncluded: false }],
    }) as const;
  const gone = { path: 'data.state', any: [{ op: 'absent' }] } as const;
  const there = { path: 'data.state', any: [{ op: 'exists' }] } as const;
  const fieldsOf = (...fields: readonly FieldTest[]): Condition => ({ kind: 'fields', fields });
  const not = (of: Condition): Condition => ({ kind: 'not', of });

  it.each<[string, readonly Condition[]]>([
    ['a value that is refused as well', [fieldsOf(paid), not(fieldsOf(paid))]],
    ['a value of a field that is not there', [fieldsOf(paid), fieldsOf(gone)]],
    ['a value among others, of a field that may be none', [fieldsOf(paid, total(5)), not(fieldsOf(there))]],
    ['numbers of which all are refused', [fieldsOf(total(10)), not(fieldsOf(total(5)))]],
    ['a field that is neither there nor missing', [not(fieldsOf(there)), not(fieldsOf(gone))]],
  ])('is known by what it asks of the data: %s', (_what, of) => {
    expect(findImpossibility({ condition: { kind: 'all', of } } as never, [conditions])).toMatchObject({
      why: 'contradiction',
    });
  });

  it.each<[string, readonly Condition[]]>([
    ['two values, of which there may be both', [fieldsOf(paid), not(fieldsOf(total(5)))]],
    ['a value, and another one', [fieldsOf(total(5)), not(fieldsOf(total(10)))]],
    ['a field that some elements have, and others not', [fieldsOf(paid), fieldsOf(total(5), gone)]],
  ])('is not known where the data may have %s', (_what, of) => {
    expect(findImpossibility({ condition: { kind: 'all', of } } as never, [conditions])).toBeUndefined();
  });

  it(`is never said of data that is there (${rounds} random conditions)`, () => {
    let found = 0;
    let matched = 0;
    const property = fc.property(condition, fc.array(payload, { minLength: 20, maxLength: 20 }), (one, payloads) => {
      const given = { condition: one } as never;
      const reason = findImpossibility(given, [conditions]);
      if (reason !== undefined) found += 1;
      const index = createRuleIndex<string>([conditions]);
      index.add('rule', given);
      for (const data of payloads) {
        const json = JSON.stringify({ specversion: '1.0', id: 'a', source: 'a', type: 'a', data });
        if (index.match(json).length === 0) continue;
        matched += 1;
        expect(reason, `${JSON.stringify(one)} takes ${json}`).toBeUndefined();
      }
    });
    fc.assert(property, { numRuns: rounds });
    console.log(`${found} of ${rounds} conditions take nothing; ${matched} payloads were taken`);
    expect(found).toBeGreaterThan(rounds / 50);
    expect(matched).toBeGreaterThan(rounds / 2);
  }, 600_000);

  it(`is never said of one that does (${rounds} random filters)`, () => {
    let found = 0;
    let matched = 0;
    const property = fc.property(filter, fc.array(event, { minLength: 20, maxLength: 20 }), (one, events) => {
      const reason = attempt(() => findImpossibility(one));
      if (reason === 'refused') return;
      if (reason !== undefined) found += 1;
      const index = createRuleIndex<string>();
      index.add('rule', one);
      for (const { json } of events.filter((given) => given !== undefined)) {
        if (index.match(json).length === 0) continue;
        matched += 1;
        expect(reason, `${JSON.stringify(one)} takes ${json}`).toBeUndefined();
      }
    });
    fc.assert(property, { numRuns: rounds });
    console.log(`${found} of ${rounds} filters take nothing; ${matched} events were taken`);
    expect(found).toBeGreaterThan(rounds / 50);
    expect(matched).toBeGreaterThan(rounds / 2);
  }, 600_000);
});

/** A language whose expressions are conditions: what the languages make of data is only a part of what there could be. */
const conditions = defineFilter<Condition>({
  language: 'condition',
  schema: {},
  description: 'The condition itself.',
  compile: (one) => one,
});

const valueTest: fc.Arbitrary<ValueTest> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'ab', true, null).map((value) => ({ op: 'equals' as const, value })) },
  fc.constantFrom('1', '2').map((number) => ({ op: 'number' as const, text: number })),
  fc
    .tuple(fc.constantFrom<'prefix' | 'suffix'>('prefix', 'suffix'), fc.constantFrom('a', 'ab', 'b'))
    .map(([op, value]) => ({ op, value })),
  fc
    .tuple(fc.constantFrom(-1, 1, 2), fc.constantFrom(1, 2, Infinity), fc.boolean(), fc.boolean())
    .map(([from, to, fromIncluded, toIncluded]) => ({ op: 'range' as const, from, to, fromIncluded, toIncluded })),
  fc.constantFrom('a', 'ab').map((value) => ({ op: 'anything-but' as const, of: [{ op: 'equals' as const, value }] })),
  { weight: 2, arbitrary: fc.constantFrom<ValueTest>({ op: 'exists' }, { op: 'absent' }) },
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc
      .uniqueArray(
        fc.record({
          path: fc.constantFrom('data.a', 'data.b.c', 'data.b.d'),
          any: fc.array(valueTest, { minLength: 1, maxLength: 2 }),
        }),
        { minLength: 1, maxLength: 2, selector: ({ path: one }) => one },
      )
      .map((fields) => ({ kind: 'fields' as const, fields })),
    tie('condition').map((of) => ({ kind: 'not' as const, of })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 4 }).map((of) => ({ kind: 'all' as const, of })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 2 }).map((of) => ({ kind: 'any' as const, of })),
  ),
}));

const leaf = fc.constantFrom<unknown>('a', 'ab', 'b', 1, 2, 1.5, true, null, [], {});
const payload = fc.record(
  {
    a: fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })),
    b: fc.oneof(leaf, fc.array(fc.record({ c: leaf, d: leaf }, { requiredKeys: [] }), { maxLength: 3 })),
  },
  { requiredKeys: [] },
);

/** Few names and values, so that demands meet, and some that no event may have. */
const attribute = fc.constantFrom(
  'type',
  'source',
  'id',
  'specversion',
  'subject',
  'time',
  'seq',
  'region',
  'data',
  'data_base64',
);
const path = fc.oneof(
  { weight: 6, arbitrary: attribute },
  fc.constantFrom('data.a', 'data.b.c', 'detail-type', 'subject.x', 'Type', 'datacontenttype', 'dataschema'),
);
const text = fc.constantFrom(
  'a',
  'ab',
  'abc',
  'b',
  '',
  '1',
  '1.0',
  'true',
  '2026-01-01T00:00:00Z',
  '10.0.0.1',
  'a b',
  '\u0001',
);
const number = fc.constantFrom(0, 1, 2, -1, 1.5, 10, 2_147_483_648, 1e20);
const scalar = fc.oneof({ weight: 4, arbitrary: text }, number, fc.constantFrom(true, false, null));
const letters = text.filter((one) => one !== '');

const range = fc.tuple(number, number).map(([one, other]) => (one < other ? ['>=', one, '<', other] : ['=', one]));
const test: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  text.map((value) => ({ prefix: value })),
  text.map((value) => ({ suffix: value })),
  text.map((value) => ({ wildcard: `${value}*` })),
  text.map((value) => ({ 'equals-ignore-case': value })),
  fc.array(letters, { minLength: 1, maxLength: 2 }).map((values) => ({ 'anything-but': values })),
  letters.map((value) => ({ 'anything-but': { prefix: value } })),
  range.map((bounds) => ({ numeric: bounds })),
  fc.boolean().map((value) => ({ exists: value })),
);
const fields = fc.dictionary(path, fc.array(test, { minLength: 1, maxLength: 3 }), { minKeys: 1, maxKeys: 3 });
const pattern = fc.oneof(
  { weight: 3, arbitrary: fields },
  fc.tuple(fields, fields).map((or) => ({ $or: or })),
  fc.tuple(fields, fields, fields).map(([one, ...or]) => ({ ...one, $or: or })),
);

const name = fc.constantFrom('type', 'source', 'id', 'specversion', 'subject', 'seq', 'region', 'time');
const { dialect } = fc.letrec<{ dialect: object }>((tie) => ({
  dialect: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc
      .tuple(fc.constantFrom('exact', 'prefix', 'suffix'), name, letters)
      .map(([how, of, value]) => ({ [how]: { [of]: value } })),
    fc.array(tie('dialect'), { minLength: 1, maxLength: 3 }).map((of) => ({ all: of })),
    fc.array(tie('dialect'), { minLength: 1, maxLength: 3 }).map((of) => ({ any: of })),
    tie('dialect').map((of) => ({ not: of })),
  ),
}));

const quoted = letters.map((value) => `'${value}'`);
const comparison = fc.oneof(
  fc
    .tuple(name, fc.constantFrom('=', '!=', '<', '>'), fc.oneof(quoted, fc.constantFrom('1', '2', 'TRUE')))
    .map((parts) => parts.join(' ')),
  fc
    .tuple(name, quoted, fc.constantFrom('', '%'))
    .map(([of, value, any]) => `${of} LIKE '${value.slice(1, -1)}${any}'`),
  fc
    .tuple(name, fc.array(quoted, { minLength: 1, maxLength: 2 }))
    .map(([of, values]) => `${of} IN (${values.join(', ')})`),
  name.map((of) => `EXISTS ${of}`),
);
const sql = fc
  .tuple(comparison, fc.array(fc.tuple(fc.constantFrom('AND', 'OR', 'AND NOT'), comparison), { maxLength: 3 }))
  .map(([first, more]) => [first, ...more.map((one) => one.join(' '))].join(' '));

const asked = fc
  .tuple(
    fc.constantFrom('type', 'subject', 'seq', 'data.a', 'subject.x', 'detail.a'),
    fc.constantFrom('=', '!=', '>', '<='),
    fc.oneof(
      letters.map((value) => JSON.stringify(value)),
      number.map(String),
    ),
  )
  .map((parts) => parts.join(' '));
const jsonata = fc
  .tuple(asked, fc.array(fc.tuple(fc.constantFrom('and', 'or'), asked), { maxLength: 3 }))
  .map(([first, more]) => [first, ...more.map((one) => one.join(' '))].join(' '));

const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 3, arbitrary: pattern.map((one) => ({ pattern: one })) },
  { weight: 3, arbitrary: fc.array(dialect, { minLength: 1, maxLength: 4 }).map((filters) => ({ filters })) },
  { weight: 2, arbitrary: sql.map((one) => ({ sql: one })) },
  { weight: 2, arbitrary: jsonata.map((one) => ({ jsonata: one })) },
  { weight: 1, arbitrary: fields.map((one) => ({ eventmesh: one })) },
);

/** What is no valid event is none: only those that would be accepted count. */
const event: fc.Arbitrary<Event | undefined> = fc
  .record(
    {
      type: text,
      source: text,
      id: text,
      specversion: fc.constant('1.0'),
      subject: fc.oneof(text, fc.constant(null)),
      time: fc.oneof(text, fc.constant(null)),
      seq: scalar,
      region: scalar,
      data: fc.oneof(
        scalar,
        fc.record({ a: fc.oneof(scalar, fc.array(scalar)), b: fc.array(fc.record({ c: scalar })) }),
      ),
      data_base64: fc.constantFrom('YQ==', null),
    },
    { requiredKeys: ['type', 'source', 'id', 'specversion'] },
  )
  .map((object) => {
    const { data_base64: bytes, ...plain } = object;
    const given = attempt(() => fromJson(JSON.stringify('data' in object ? plain : { ...plain, data_base64: bytes })));
    return given === 'refused' ? undefined : given;
  });

function attempt<Result>(work: () => Result): Result | 'refused' {
  try {
    return work();
  } catch (error) {
    if (TulleError.is(error)) return 'refused';
    throw error;
  }
}
