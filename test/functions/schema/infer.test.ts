import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferSchema, type InferredSchema, mergeInferred } from '../../../functions/schema/infer.ts';
import { compileSchema, type JsonSchema } from '../../../functions/schema/schema.ts';

const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 500);

const infer = (...values: unknown[]): InferredSchema =>
  values.reduce<InferredSchema | undefined>(inferSchema, undefined)!;

describe('inferSchema', () => {
  it('knows types, what is always there, and formats', () => {
    const inferred = infer(
      { id: 1, at: '2026-11-21T10:00:00Z', mail: 'ada@example.com', tags: ['a'], note: null },
      { id: 2.5, at: '2026-11-22T10:00:00Z', mail: 'not a mail', tags: [], extra: true },
    );
    expect(inferred).toEqual({
      type: 'object',
      properties: {
        id: { type: 'number' },
        at: { type: 'string', format: 'date-time' },
        mail: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        note: { type: 'null' },
        extra: { type: 'boolean' },
      },
      required: ['id', 'at', 'mail', 'tags'],
    });
  });

  it('keeps names that look like data out', () => {
    const names = [
      'ada@example.com',
      '7f3a9c04-11d2-4d5e-8a57-3d0b0d3c0c11',
      '4711',
      'user_20261121',
      '__proto__',
      'a'.repeat(65),
    ];
    const value = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:1`).join()},"name":1}`) as unknown;
    expect(infer(value)).toEqual({ type: 'object', properties: { name: { type: 'integer' } }, required: ['name'] });
  });

  it('is bounded in width and depth', () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`m${index}`, index]));
    let deep: unknown = 1;
    for (let level = 0; level < 60; level += 1) deep = { inner: [deep] };
    const inferred = infer(wide, deep, Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`n${index}`, 1])));
    expect(Object.keys(inferred.properties ?? {}).length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(inferred).length).toBeLessThan(10_000);
    const check = compileSchema(inferred as JsonSchema);
    expect([wide, deep].map((value) => check.validate(value))).toEqual([[], []]);
  });

  it('forgets rather than be wrong where two observers saw more names than it keeps', () => {
    const of = (from: number, value: unknown): object =>
      Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`m${from + index}`, value]));
    const [left, right] = [of(0, 1), of(100, 'x')];
    for (const [first, second] of [
      [left, right],
      [right, left],
    ]) {
      const merged = compileSchema(mergeInferred(infer(first), infer(second)) as JsonSchema);
      expect([merged.check(left), merged.check(right)]).toEqual([true, true]);
    }
  });

  it('accepts every value that was ever seen, and holds no value', { timeout: 600_000 }, () => {
    const secret = 'hunter2-0f9a';
    const value = fc.jsonValue({ maxDepth: 4 });
    const text = fc.constantFrom('2026-11-21', 'ada@example.com', secret);
    const member = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(value, text), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(fc.oneof(value, member), { minLength: 1, maxLength: 8 }), (values) => {
        const parsed = values.map((one) => JSON.parse(JSON.stringify(one)) as unknown);
        const inferred = infer(...parsed);
        const compiled = compileSchema(inferred as JsonSchema, { assertFormats: true });
        for (const one of parsed) expect(compiled.validate(one)).toEqual([]);
        const halves = [parsed.slice(0, values.length >> 1), parsed.slice(values.length >> 1)];
        const [left, right] = halves.map((half) => (half.length === 0 ? undefined : infer(...half)));
        const merged = compileSchema(mergeInferred(left, right!) as JsonSchema, { assertFormats: true });
        for (const one of parsed) expect(merged.validate(one)).toEqual([]);
        expect(JSON.stringify(inferred)).not.toContain(secret);
      }),
      { numRuns: rounds },
    );
  });
});
