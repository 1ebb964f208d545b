import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../event/parse-json.ts';

describe('parseJson', () => {
  it('reads names with escapes, whatever was read before', () => {
    parseJson('{"customer":1,"\\\\u00":1}');
    expect(parseJson('{"customer":1,"\\u00e9tat":2}')).toEqual({ customer: 1, état: 2 });
    parseJson('{"person":1,"\\\\":1}');
    expect(parseJson('{"person":1,"\\"":2}')).toEqual({ person: 1, '"': 2 });
  });

  it('reads every text as it was written', () => {
    const name = fc.constantFrom('', 'a', '"', '\\', '\\u00', '\n', 'é', '__proto__', 'a"b\\', ':', '1');
    const texts = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), name),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(name, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(texts, fc.constantFrom(0, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(parseJson(text), null, indent)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hands out numbers with their text, and takes what is made of them', () => {
    const toText = (_value: number, source: string): string => source;
    expect(parseJson('{"a":[1.0,{"b":1e2}]}', toText)).toEqual({ a: ['1.0', { b: '1e2' }] });
    expect(parseJson('{"\\u0061":[1.0,{"b":1e2}]}', toText)).toEqual({ a: ['1.0', { b: '1e2' }] });
  });

  it('refuses what is no JSON', () => {
    for (const text of ['{"\\u0061":}', '{"\\u0061', '"\\', '{"\\u0061":1', '{"a\\":1}']) {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    }
  });
});
