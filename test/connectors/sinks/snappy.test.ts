import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressSnappy } from '../../../connectors/sinks/snappy.ts';

const { uncompress } = createRequire(import.meta.url)('snappyjs') as {
  readonly uncompress: (bytes: Uint8Array) => Uint8Array;
};
const through = (bytes: Uint8Array): Buffer => Buffer.from(uncompress(compressSnappy(bytes)));

describe('Snappy blocks', () => {
  it('are read by another implementation', () => {
    const bytes = fc.uint8Array({ maxLength: 2_000 });
    const repeating = fc
      .tuple(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(4)),
      )
      .map(([words, order]) => Buffer.concat(order.map((index) => words[index % words.length] ?? new Uint8Array())));
    fc.assert(
      fc.property(fc.oneof(bytes, repeating), (input) => {
        expect(through(input).equals(Buffer.from(input))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([0, 1, 3, 4, 59, 60, 61, 64, 65, 255, 256, 257, 65_535, 65_536, 65_537, 200_000])('of %i bytes', (length) => {
    const random = Uint8Array.from({ length }, (_, index) => (Math.imul(index + 1, 2_654_435_761) >>> 13) & 255);
    expect(through(random).equals(Buffer.from(random))).toBe(true);
    const same = new Uint8Array(length).fill(7);
    expect(through(same).equals(Buffer.from(same))).toBe(true);
    if (length > 1_000) expect(compressSnappy(same).length).toBeLessThan(length / 15);
  });
});
