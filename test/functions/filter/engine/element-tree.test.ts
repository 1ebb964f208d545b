import { describe, expect, it } from 'vitest';
import { canAgree } from '../../../../functions/filter/conjunction.ts';
import { type Element, canChoose, createElement, pairsOf } from '../../../../functions/filter/engine/element-tree.ts';

describe('a tree of elements', () => {
  it('answers as the join of all combinations does', () => {
    let state = 11;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    let agreed = 0;
    for (let round = 1; round <= 4000; round++) {
      const elements: (Element | undefined)[] = [undefined];
      let arrays = 0;
      // Arrays are numbered from outside in, as the scan meets them.
      for (let i = below(6); i >= 0; i--) {
        const parent = elements[below(elements.length)];
        const array = arrays++;
        for (let index = below(3); index >= 0; index--) elements.push(createElement(array, index, parent));
      }
      const fields = Array.from({ length: 2 + below(4) }, () =>
        Array.from({ length: below(4) }, () => elements[below(elements.length)]).filter(
          (one) => one !== undefined || below(3) === 0,
        ),
      );
      const expected = canAgree(
        fields.map((field) => ({ passing: field.map(pairsOf), present: undefined })),
        { looks: 0 },
      );
      expect(canChoose(fields, round)).toBe(expected);
      if (expected) agreed++;
    }
    expect(agreed).toBeGreaterThan(400);
    expect(agreed).toBeLessThan(3600);
  });

  it('knows the way to an element', () => {
    const outer = createElement(0, 4, undefined);
    const inner = createElement(3, 1, outer);
    expect(pairsOf(inner)).toEqual([0, 4, 3, 1]);
    expect(pairsOf(undefined)).toEqual([]);
    expect([outer.depth, inner.depth]).toEqual([1, 2]);
  });

  it('gives up where one element has too many combinations', () => {
    const fields: Element[][] = Array.from({ length: 28 }, () => []);
    // Fourteen arrays side by side, each with one of two fields: 2^14 combinations, none with all.
    for (let array = 0; array < 14; array++) {
      for (const index of [0, 1]) fields[array * 2 + index]?.push(createElement(array, index, undefined));
    }
    expect(canChoose(fields, 1)).toBeUndefined();
    expect(canChoose(fields.slice(0, 4), 2)).toBe(false);
  });
});
