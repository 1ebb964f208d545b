import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, isBase64, toBase64 } from '../../event/base64.ts';

describe('base64', () => {
  it('keeps any bytes, and agrees with Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(isBase64(text)).toBe(true);
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  it('accepts exactly the text that encoding gives', () => {
    const text = fc.string({ unit: fc.constantFrom('A', 'B', 'w', '8', '/', '+', '='), maxLength: 8 });
    fc.assert(
      fc.property(text, (candidate) => {
        expect(isBase64(candidate)).toBe(Buffer.from(candidate, 'base64').toString('base64') === candidate);
      }),
      { numRuns: 5_000 },
    );
  });

  it('encodes a mebibyte', () => {
    const bytes = new Uint8Array(1_048_576).fill(255);
    expect(Buffer.compare(fromBase64(toBase64(bytes)), bytes)).toBe(0);
  });
});
