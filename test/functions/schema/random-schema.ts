import fc from 'fast-check';

/** Values over a small vocabulary, so that schemas and values meet. */
export const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, false, 0, 1, 2, 3, 1.5, -1, 4, 10, '', 'a', 'b', 'ab', 'abc', 'é🎈'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'ab', 'x1'), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value!;

const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];
const smallNumber = fc.constantFrom(0, 1, 2, 3, 1.5, -1);
const count = fc.constantFrom(0, 1, 2, 3);
const pattern = fc.constantFrom('^a', 'b$', '^x[0-9]', '.');
const name = fc.constantFrom('a', 'b', 'c', 'ab');

/** Random schemas of every keyword of 2020-12 that validates, but those with references. */
export const schema: fc.Arbitrary<unknown> = fc.letrec((tie) => {
  const sub = tie('schema');
  const subs = fc.array(sub, { minLength: 1, maxLength: 2 });
  const named = fc.dictionary(name, sub, { maxKeys: 3, noNullPrototype: true });
  const keywords: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.oneof(
      fc.constantFrom(...types),
      fc.uniqueArray(fc.constantFrom(...types), { minLength: 1, maxLength: 3 }),
    ),
    enum: fc.array(json, { minLength: 1, maxLength: 3 }),
    const: json,
    minimum: smallNumber,
    maximum: smallNumber,
    exclusiveMinimum: smallNumber,
    exclusiveMaximum: smallNumber,
    multipleOf: fc.constantFrom(1, 2, 0.5),
    minLength: count,
    maxLength: count,
    pattern,
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    prefixItems: subs,
    items: sub,
    contains: sub,
    minContains: count,
    maxContains: count,
    required: fc.uniqueArray(name, { maxLength: 2 }),
    minProperties: count,
    maxProperties: count,
    properties: named,
    patternProperties: fc.dictionary(pattern, sub, { maxKeys: 2, noNullPrototype: true }),
    additionalProperties: sub,
    propertyNames: fc.constantFrom<unknown>({ maxLength: 1 }, { pattern: '^a' }, true),
    dependentRequired: fc.constantFrom({ a: ['b'] }, { b: ['a', 'c'] }),
    dependentSchemas: named,
    allOf: subs,
    anyOf: subs,
    oneOf: subs,
    not: sub,
    ...Object.fromEntries(['if', 'then', 'else'].map((keyword) => [keyword, sub])),
    unevaluatedProperties: sub,
    unevaluatedItems: sub,
  };
  const entries = Object.entries(keywords).map(([keyword, argument]) =>
    argument.map((value): [string, unknown] => [keyword, value]),
  );
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<unknown>(true, {}, false, { type: 'string' }, { type: 'integer' }, { type: 'object' }),
      fc.array(fc.oneof(...entries), { maxLength: 4 }).map((list) => Object.fromEntries(list)),
    ),
  };
}).schema!;

/** The same in draft-07, as far as it has the keywords. */
export function toDraft07(schema: unknown): unknown {
  const text = JSON.stringify(schema, (name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { prefixItems, items, unevaluatedItems: _items, unevaluatedProperties: _members, ...rest } = value as Json;
    const { dependentRequired, dependentSchemas, minContains: _least, maxContains: _most, ...kept } = rest;
    const dependencies = { ...(dependentRequired as Json), ...(dependentSchemas as Json) };
    return {
      ...(name === '' ? { $schema: 'http://json-schema.org/draft-07/schema#' } : {}),
      ...kept,
      ...(prefixItems === undefined ? {} : { items: prefixItems }),
      ...(items === undefined ? {} : { [prefixItems === undefined ? 'items' : 'additionalItems']: items }),
      ...(Object.keys(dependencies).length === 0 ? {} : { dependencies }),
    };
  });
  return JSON.parse(text);
}

type Json = Readonly<Record<string, unknown>>;

/** A schema beside one that was made from it by a small change, as people make versions. */
export const versions: fc.Arbitrary<[unknown, unknown]> = fc
  .tuple(schema, schema, fc.nat(), fc.nat())
  .map(([before, other, at, kind]): [unknown, unknown] => [before, change(before, other, at, kind)]);

function change(before: unknown, other: unknown, at: number, kind: number): unknown {
  if (typeof before !== 'object' || before === null || Array.isArray(before)) return other;
  const entries = Object.entries(before);
  const extra = typeof other === 'object' && other !== null ? Object.entries(other) : [];
  const index = entries.length === 0 ? 0 : at % entries.length;
  if (kind % 4 === 0) return Object.fromEntries(entries.filter((_entry, place) => place !== index));
  if (kind % 4 === 1) return Object.fromEntries([...entries, ...extra.slice(0, 1)]);
  if (kind % 4 === 2) {
    return Object.fromEntries(
      entries.map(([keyword, argument], place) => {
        if (place !== index) return [keyword, argument];
        if (typeof argument === 'number') return [keyword, Math.max(argument + ((at % 3) - 1), 0.5)];
        return [keyword, isPlain(argument) ? change(argument, other, at >> 1, kind >> 1) : argument];
      }),
    );
  }
  return { anyOf: [before, other] };
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
