import { registerSchema, unregisterSchema, validate } from '@hyperjump/json-schema/draft-2020-12';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema, type JsonSchema } from '../../../functions/schema/schema.ts';
import { json, schema } from './random-schema.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 300);
const dialect = 'https://json-schema.org/draft/2020-12/schema';

describe('the compiled validator', () => {
  it('agrees with another one on random schemas and values', { timeout: 600_000 }, async () => {
    let [fitting, others, count] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(schema, fc.array(json, { minLength: 10, maxLength: 10 }), async (random, values) => {
        const uri = `https://example.com/${(count += 1)}`;
        registerSchema(random as never, uri, dialect);
        const theirs = await validate(uri);
        const ours = compileSchema(random as JsonSchema);
        for (const value of values) {
          const found = ours.check(value);
          const shown = `${JSON.stringify(random)} with ${JSON.stringify(value)}`;
          expect(found, shown).toBe(theirs(value as never).valid);
          expect(ours.validate(value).length === 0, shown).toBe(found);
          if (found) fitting += 1;
          else others += 1;
        }
        unregisterSchema(uri);
      }),
      { numRuns: rounds },
    );
    expect(Math.min(fitting, others)).toBeGreaterThan(rounds);
  });
});
