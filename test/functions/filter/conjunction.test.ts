import { describe, expect, it } from 'vitest';
import { type Elements, type FieldChoice, canAgree, isConjunctionMet } from '../../../functions/filter/conjunction.ts';
import { collectFieldValues } from '../../../functions/filter/field-values.ts';
import { readJson } from '../../../functions/filter/json-node.ts';

/** Every combination of choices, tried one by one. */
function triesAll(fields: readonly FieldChoice[], from = 0, settled: ReadonlyMap<number, number> = new Map()): boolean {
  const field = fields[from];
  if (field === undefined) return true;
  const agreeing = (choices: readonly Elements[]): ReadonlyMap<number, number>[] =>
    choices.map(pairs).filter((one) => [...one].every(([array, at]) => (settled.get(array) ?? at) === at));
  if (field.present !== undefined && agreeing(field.present).length === 0 && triesAll(fields, from + 1, settled))
    return true;
  return agreeing(field.passing).some((one) => triesAll(fields, from + 1, new Map([...settled, ...one])));
}

function pairs(elements: Elements): ReadonlyMap<number, number> {
  const map = new Map<number, number>();
  for (let i = 0; i < elements.length; i += 2) map.set(elements[i] ?? 0, elements[i + 1] ?? 0);
  return map;
}

describe('the join of choices', () => {
  it('finds one that agrees exactly where trying all does', () => {
    let state = 3;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    const counts = [0, 0];
    for (let round = 0; round < 3000; round++) {
      // Elements of a few arrays, some inside of others' elements.
      const places: Elements[] = [[]];
      const count = 1 + below(5);
      for (let array = 0; array < count; array++) {
        const outer = places[below(places.length)] ?? [];
        for (let index = below(3); index >= 0; index--) places.push([...outer, array, index]);
      }
      const choices = (most: number): Elements[] =>
        Array.from({ length: below(most) }, () => places[below(places.length)] ?? []);
      const fields = Array.from({ length: 1 + below(4) }, (): FieldChoice => {
        const passing = choices(4);
        return { passing, present: below(3) === 0 ? [...passing, ...choices(3)] : undefined };
      });
      const expected = triesAll(fields);
      expect(canAgree(fields, { looks: 0 }), JSON.stringify(fields)).toBe(expected);
      counts[expected ? 1 : 0]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(500);
  });

  it('takes one way for each element, not one for each pair', { timeout: 15_000 }, () => {
    const each = (inner?: number): Elements[] =>
      Array.from({ length: 20_000 }, (_, i) => (inner === undefined ? [0, i] : [0, i, inner + i, 0]));
    const field = (passing: Elements[], present?: Elements[]): FieldChoice => ({ passing, present });
    expect(canAgree([field(each()), field(each(1)), field(each())], { looks: 0 })).toBe(true);
    expect(canAgree([field(each()), field(each()), field([[0, 20_000]])], { looks: 0 })).toBe(false);
    expect(canAgree([field(each(1)), field([], each(1).slice(1)), field(each())], { looks: 0 })).toBe(true);
  });

  it('stops in words where there are too many ways', () => {
    const many = (array: number): FieldChoice => ({
      passing: Array.from({ length: 400 }, (_, i) => [array, i]),
      present: undefined,
    });
    expect(() => canAgree([many(0), many(1), many(0), many(1)], { looks: 0 })).toThrow(
      expect.objectContaining({
        code: 'fuel_exhausted',
        message: "The event's arrays can be combined in more than 100000 ways",
        mend: expect.stringContaining('repeat member names'),
      }),
    );
    // What no later field looks into is not carried along.
    expect(canAgree([many(0), many(1)], { looks: 0 })).toBe(true);
    const half = (array: number): FieldChoice => ({ passing: many(array).passing.slice(0, 316), present: undefined });
    expect(canAgree([half(0), half(1), half(0), half(1)], { looks: 0 })).toBe(true);
  });
});

describe('a conjunction', () => {
  it('is judged in the order of its paths, whatever order it is written in', () => {
    const values = collectFieldValues(readJson('{"a":[{"b":1},{"c":2}]}'));
    const b = { path: 'a.b', any: [{ op: 'number', text: '1' }] } as const;
    const c = { path: 'a.c', any: [{ op: 'absent' }] } as const;
    expect(isConjunctionMet([b, c], values)).toBe(true);
    expect(isConjunctionMet([c, b], values)).toBe(true);
    expect(isConjunctionMet([{ ...b, any: [{ op: 'number', text: '2' }] }, c], values)).toBe(false);
    expect(isConjunctionMet([b, { ...c, any: [{ op: 'exists' }] }], values)).toBe(false);
    expect(isConjunctionMet([{ path: 'z', any: [{ op: 'absent' }] }], values)).toBe(true);
    expect(isConjunctionMet([{ path: 'z', any: [{ op: 'exists' }] }], values)).toBe(false);
  });
});
