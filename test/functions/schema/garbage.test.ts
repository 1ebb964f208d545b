import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { findIncompatibilities } from '../../../functions/schema/compatibility/compatibility.ts';
import { dialects } from '../../../functions/schema/dialect.ts';
import { inferSchema } from '../../../functions/schema/infer.ts';
import { type CompiledSchema, compileSchema, type JsonSchema } from '../../../functions/schema/schema.ts';
import { json } from './random-schema.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 1000);
const words =
  'type enum const minimum maximum multipleOf minLength maxLength pattern minItems uniqueItems required minProperties ' +
  'format $id $schema $ref $anchor $dynamicAnchor $vocabulary';
const keywords = [
  ...dialects.flatMap(({ applicators, ignores }) => [...Object.keys(applicators), ...ignores]),
  ...words.split(' '),
];

/** Objects whose members are named like keywords and hold anything. */
const garbage = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<unknown>(
      true,
      false,
      null,
      0,
      -1,
      1.5,
      '',
      '#',
      '#/$defs/a',
      '#/items',
      'a',
      ':',
      '(',
      'a+',
      'string',
    ),
    fc.constantFrom<unknown>(
      'http://json-schema.org/draft-07/schema#',
      'https://example.com/a.json',
      'urn:x:y',
      '%',
      '#%',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keywords, 'a', '$defs'), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value!;

describe('whatever is sent as a schema', () => {
  it('compiles or is refused with a place; what compiles answers for every value', { timeout: 600_000 }, () => {
    let compiles = 0;
    fc.assert(
      fc.property(garbage, garbage, fc.array(json, { maxLength: 5 }), (one, other, values) => {
        const schemas = [one, other].filter((schema) => tryToCompile(schema) !== undefined) as JsonSchema[];
        compiles += schemas.length;
        for (const schema of schemas) {
          const compiled = compileSchema(schema);
          for (const value of [...values, one]) {
            expect(compiled.check(value)).toBe(compiled.validate(value).length === 0);
            expect(compileSchema(inferSchema(undefined, value) as JsonSchema).check(value)).toBe(true);
          }
        }
        const [before, after] = schemas;
        if (before !== undefined && after !== undefined) findIncompatibilities(before, after, 'full');
      }),
      { numRuns: rounds },
    );
    expect(compiles).toBeGreaterThan(rounds / 10);
  });
});

function tryToCompile(schema: unknown): CompiledSchema | undefined {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
    return undefined;
  try {
    return compileSchema(schema as JsonSchema);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    expect(error).toMatchObject({ code: 'schema_invalid', place: expect.any(String), mend: expect.any(String) });
    return undefined;
  }
}
