import { describe, expect, it } from 'vitest';
import { withItem, withoutItem } from '../../../../functions/filter/engine/short-list.ts';

describe('a short list', () => {
  it.each([0, 1, 15, 16, 17, 40])('of %d takes one more, and gives it back', (length) => {
    const list = Array.from({ length }, (_, i) => i);
    const longer = withItem([...list], 99);
    expect(longer).toEqual([...list, 99]);
    expect(withoutItem([...longer], 99)).toEqual(list);
    expect(withoutItem([...longer], longer[0])).toEqual(longer.slice(1));
    expect(withoutItem(longer, -1)).toBe(longer);
  });

  it('is made anew while it is short, and grows in place when it is long', () => {
    const short = Array.from({ length: 15 }, () => 1);
    expect(withItem(short, 2)).not.toBe(short);
    expect(short).toHaveLength(15);
    const long = Array.from({ length: 16 }, () => 1);
    expect(withItem(long, 2)).toBe(long);
    expect(withoutItem(long, 2)).toBe(long);
    expect(long).toHaveLength(16);
    expect(withoutItem(long, 1)).not.toBe(long);
    expect(long).toHaveLength(16);
  });

  it('loses one of several that are equal', () => {
    expect(withoutItem([1, 2, 1], 1)).toEqual([2, 1]);
    const long = Array.from({ length: 20 }, (_, i) => i % 2);
    expect(withoutItem([...long], 1)).toEqual([0, ...long.slice(2)]);
  });
});
