import { describe, expect, it } from 'vitest';
import type { ValueTest } from '../../../../functions/filter/condition.ts';
import { allMarks, markOf, marksOf } from '../../../../functions/filter/engine/string-mark.ts';

describe('the mark of a string', () => {
  it('is one of 32 and the same wherever the string lies', () => {
    for (const value of ['', 'a', 'ab', 'Zebra', 'é', '😀', 'x'.repeat(1000)]) {
      const mark = markOf(value, 0, value.length);
      expect(markOf(`"${value}",`, 1, 1 + value.length)).toBe(mark);
      expect(mark).toBeGreaterThanOrEqual(0);
      expect(mark).toBeLessThan(32);
    }
  });

  it('is the same in upper and lower case', () => {
    for (const value of ['a', 'Polygon', 'st', 'x-9z', '[a]'])
      expect(markOf(value.toUpperCase(), 0, value.length)).toBe(markOf(value.toLowerCase(), 0, value.length));
  });

  it('tells lengths, first and last units apart', () => {
    const marks = ['ab', 'abb', 'bb', 'aa'].map((value) => markOf(value, 0, value.length));
    expect(new Set(marks).size).toBe(4);
  });
});

describe('the marks of a test', () => {
  it.each<[ValueTest, number]>([
    [{ op: 'equals', value: 'Ab' }, 1 << markOf('ab', 0, 2)],
    [{ op: 'equals-ignore-case', value: 'Ab' }, 1 << markOf('ab', 0, 2)],
    [{ op: 'equals', value: '' }, 1],
    [{ op: 'equals', value: null }, 0],
    [{ op: 'number', text: '1' }, 0],
    [{ op: 'range', from: 1, fromIncluded: true, to: 2, toIncluded: true }, 0],
    [{ op: 'equals-ignore-case', value: 'ß' }, allMarks],
    [{ op: 'prefix', value: 'a' }, allMarks],
    [{ op: 'wildcard', value: 'a' }, allMarks],
    [{ op: 'address', from: '0a000000', to: '0affffff' }, allMarks],
  ])('are those of every string that %j takes', (test, marks) => expect(marksOf(test)).toBe(marks));
});
