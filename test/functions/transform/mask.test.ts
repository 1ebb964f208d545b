import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskNamed } from '../../../functions/transform/mask.ts';

describe('maskNamed', () => {
  it.each([
    ['all', 'anything', '****'],
    ['all', '', '****'],
    ['keep-last-4', '13812345678', '*******5678'],
    ['keep-last-4', '12345678', '****5678'],
    ['keep-last-4', '1234567', '****'],
    ['keep-last-4', '1234', '****'],
    ['keep-last-4', '', '****'],
    ['keep-first-2', 'Schmidt', 'Sc*****'],
    ['keep-first-2', 'Wu', '****'],
    ['keep-first-1', '😀😀😀', '😀**'],
    ['keep-last-1', '王小明', '**明'],
    ['email', 'ann.smith@example.com', 'a****@example.com'],
    ['email', 'a@example.com', '****@example.com'],
    ['keep-last-4', '{"pin":1234}', '****'],
    ['keep-first-4', ' ["12345678"]', '****'],
    ['email', 'анна@пример.рф', 'а****@пример.рф'],
    ['email', '"odd@name"@example.com', '****'],
    ['email', 'ann@example.com, 13812345678', '****'],
    ['email', 'call 138 or ann@example.com', '****'],
    ['email', 'ann@13812345678', '****'],
    ['email', 'ann@example', '****'],
    ['email', 'no address', '****'],
    ['email', '@example.com', '****'],
    ['email', 'ann@', '****'],
  ])('%s makes %j to %j', (name, value, masked) => {
    expect(maskNamed(name)(value)).toBe(masked);
  });

  it('masks the text of a number, hides all else that is no text, and leaves null', () => {
    const mask = maskNamed('keep-last-4');
    expect(mask(13_812_345_678)).toBe('*******5678');
    expect(mask(-1.5)).toBe('****');
    for (const value of [true, false, {}, { a: 'secret' }, ['secret']]) expect(mask(value)).toBe('****');
    expect(mask(null)).toBeNull();
  });

  it('shows no more than was asked, and never more than it hides', () => {
    const names = fc.tuple(fc.constantFrom('first', 'last'), fc.integer({ min: 1, max: 16 }));
    // Letters only, so that a star is a mask.
    fc.assert(
      fc.property(names, fc.string({ unit: fc.constantFrom('a', 'é', '王', '😀') }), ([side, kept], value) => {
        const masked = Array.from(String(maskNamed(`keep-${side}-${kept}`)(value)));
        const shown = masked.filter((character) => character !== '*').length;
        expect(shown).toBeLessThanOrEqual(kept);
        expect(shown * 2).toBeLessThanOrEqual(Array.from(value).length);
      }),
    );
  });
});
