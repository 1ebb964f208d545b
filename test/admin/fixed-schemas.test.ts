import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { busSchema } from '../../admin/resources/bus.ts';
import { functionSchema } from '../../admin/resources/function.ts';
import { keySchema } from '../../admin/resources/key.ts';
import { ruleSchema, targetSchema } from '../../admin/resources/rule.ts';
import { schemaSchema } from '../../admin/resources/schema.ts';
import { http } from '../../connectors/sinks/http.ts';
import { checkOptions } from '../../functions/schema/options.ts';
import { transformers } from '../../functions/transform/transformers.ts';

type Schema = Readonly<Record<string, unknown>>;

const schemas: Readonly<Record<string, object>> = {
  bus: busSchema,
  function: functionSchema,
  key: keySchema,
  rule: ruleSchema,
  schema: schemaSchema,
  target: targetSchema,
  'sink http': http.schema,
  ...Object.fromEntries(Object.entries(transformers).map(([kind, { schema }]) => [`step ${kind}`, schema])),
};

/** Ajv is the second opinion: what it generates would be the same at build time, and 9 kB of the Worker. */
describe('our own schemas', () => {
  it.each(Object.entries(schemas))('%s is checked as Ajv checks it', (_name, schema) => {
    const theirs = new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      strictRequired: false,
      strictTypes: false,
    }).compile(schema);
    fc.assert(
      fc.property(valuesFor(schema as Schema, 0), (value) => {
        expect(checkOptions(schema, value).length === 0, JSON.stringify(value)).toBe(theirs(value));
      }),
      { numRuns: 300 },
    );
  });
});

const anything = fc.constantFrom<unknown>(null, true, 0, 1, -1, 1.5, 65, '', 'x', 'a-b', 'A b', '3d', [], {}, [1], {
  x: 1,
});
const texts = fc.constantFrom(
  '',
  'x',
  'orders',
  'a-b',
  '-a',
  'data.x',
  '12h',
  'https://example.com/',
  '2030-01-01T00:00:00Z',
);
const numbers = fc.constantFrom(-1, 0, 1, 1.5, 5, 20, 64, 65, 1000, 1001);

/** Values that a schema speaks of, most of them nearly right. */
function valuesFor(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (depth > 5) return anything;
  const right = ['const', 'enum', 'anyOf', 'oneOf'].flatMap((keyword): fc.Arbitrary<unknown>[] => {
    const argument = schema[keyword];
    if (keyword === 'const' && Object.hasOwn(schema, 'const')) return [fc.constant(argument)];
    if (!Array.isArray(argument)) return [];
    if (keyword === 'enum') return [fc.constantFrom(...(argument as unknown[]))];
    return argument.map((item) => valuesFor(item as Schema, depth + 1));
  });
  const types = new Set([schema['type'] ?? []].flat());
  if (types.has('string')) right.push(texts, fc.constant('x'.repeat(2_000)));
  if (types.has('integer') || types.has('number')) right.push(numbers);
  if (types.has('boolean')) right.push(fc.boolean());
  if (types.has('array')) {
    right.push(fc.array(valuesFor((schema['items'] ?? {}) as Schema, depth + 1), { maxLength: 3 }));
  }
  if (types.has('object') || schema['properties'] !== undefined) right.push(objectsFor(schema, depth));
  return fc.oneof(...right.map((arbitrary) => ({ weight: 8, arbitrary })), { weight: 1, arbitrary: anything });
}

function objectsFor(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const required = (schema['required'] ?? []) as string[];
  const model = Object.fromEntries(properties.map(([name, member]) => [name, valuesFor(member, depth + 1)]));
  const known = fc.record(model, { requiredKeys: required.filter((name) => name in model), noNullPrototype: true });
  const other = typeof schema['additionalProperties'] === 'object' ? (schema['additionalProperties'] as Schema) : {};
  const extra = fc.dictionary(fc.constantFrom('extra', 'x-y'), valuesFor(other, depth + 1), { maxKeys: 1 });
  return fc.oneof(
    known,
    fc.tuple(known, extra).map(([left, right]) => ({ ...left, ...right })),
  );
}
