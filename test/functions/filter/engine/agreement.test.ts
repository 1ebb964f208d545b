import { describe, expect, it } from 'vitest';
import { mostLooks, spend } from '../../../../functions/filter/conjunction.ts';
import { createRuleIndex } from '../../../../functions/filter/rule-index.ts';
import { naiveMatch } from '../naive-pattern.ts';
import { createGenerator } from '../random-patterns.ts';

describe('fields of one array', () => {
  it('agree exactly where trying every combination finds one that does', () => {
    const counts = [0, 0];
    for (let seed = 1; seed <= 250; seed++) {
      const generator = createGenerator(seed * 7919);
      const patterns = Array.from({ length: 4 }, () => generator.narrowPattern());
      const index = createRuleIndex<number>();
      for (const [i, pattern] of patterns.entries()) index.add(i, { pattern });
      for (let i = 0; i < 3; i++) {
        const event = generator.narrowEvent();
        const text = generator.text(event);
        const expected = patterns.flatMap((pattern, id) => (naiveMatch(pattern, event) ? [id] : []));
        expect(
          index.match(text).toSorted((a, b) => a - b),
          `${text} ${JSON.stringify(patterns)}`,
        ).toEqual(expected);
        expect(index.matchObject(JSON.parse(text)).toSorted((a, b) => a - b)).toEqual(expected);
        counts[0] = (counts[0] ?? 0) + expected.length;
        counts[1] = (counts[1] ?? 0) + 4 - expected.length;
      }
    }
    expect(Math.min(...counts)).toBeGreaterThan(200);
  });

  it('are as many as bits of an integer, and more', () => {
    for (const count of [2, 29, 30, 31, 32, 33, 40]) {
      const names = Array.from({ length: count }, (_, i) => `f${i}`);
      const index = createRuleIndex<string>();
      index.add('r', { pattern: { items: Object.fromEntries(names.map((name) => [name, [1]])) } });
      const item = (without?: number): string =>
        `{${names.map((name, i) => `"${name}":${i === without ? 2 : 1}`).join()}}`;
      expect(index.match(`{"items":[${item(0)},${item()}]}`), String(count)).toEqual(['r']);
      expect(index.match(`{"items":[${item(0)},${item(count - 1)}]}`), String(count)).toEqual([]);
    }
  });

  it('are found where more combinations are offered than are tried at first', () => {
    // Fourteen arrays side by side in each item, each with elements that have one of two fields.
    const names = Array.from({ length: 14 }, (_, i) => i);
    const pattern = { items: Object.fromEntries(names.map((i) => [`n${i}`, { a: [1], b: [{ exists: true }] }])) };
    const index = createRuleIndex<string>();
    index.add('r', { pattern });
    const item = (last: string): string => `{${names.map((i) => `"n${i}":[{"a":1},{"b":1}${last}]`).join()}}`;
    expect(index.match(`{"items":[${item('')},${item('')}]}`)).toEqual([]);
    expect(index.match(`{"items":[${item('')},${item(',{"a":1,"b":2}')}]}`)).toEqual(['r']);
  });
});

describe('the looks at array elements', () => {
  it('are bounded, with the bound in words', () => {
    const fuel = { looks: 0 };
    spend(fuel, mostLooks - 1);
    spend(fuel, 1);
    expect(fuel.looks).toBe(mostLooks);
    expect(() => spend(fuel, 1)).toThrow(
      expect.objectContaining({
        code: 'fuel_exhausted',
        message: `The event's array elements need more than ${mostLooks} looks to be matched`,
        mend: expect.stringContaining('fewer elements'),
      }),
    );
  });
});
