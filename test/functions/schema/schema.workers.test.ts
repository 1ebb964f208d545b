import { describe, expect, it } from 'vitest';
import { findIncompatibilities } from '../../../functions/schema/compatibility/compatibility.ts';
import { inferSchema } from '../../../functions/schema/infer.ts';
import { compileSchema, type JsonSchema } from '../../../functions/schema/schema.ts';

describe('schemas on Workers', () => {
  const schema: JsonSchema = {
    type: 'object',
    required: ['id'],
    properties: {
      id: { type: 'string', pattern: String.raw`^\p{L}-[0-9]+$` },
      lines: { items: { $ref: '#/$defs/line' } },
    },
    $defs: { line: { type: 'object', required: ['sku'], unevaluatedProperties: false, properties: { sku: true } } },
  };

  it('are compiled and checked', () => {
    const compiled = compileSchema(schema);
    expect(compiled.check({ id: 'o-1', lines: [{ sku: 'a' }] })).toBe(true);
    expect(compiled.validate({ id: '1', lines: [{ sku: 'a', x: 1 }, {}] }).map(({ place }) => place)).toEqual([
      '/id',
      '/lines/0/x',
      '/lines/1/sku',
    ]);
  });

  it('are compared and inferred', () => {
    expect(findIncompatibilities(schema, { ...schema, required: [] }, 'backward')).toEqual([]);
    expect(inferSchema(undefined, { a: 1 })).toEqual({
      type: 'object',
      properties: { a: { type: 'integer' } },
      required: ['a'],
    });
  });
});
