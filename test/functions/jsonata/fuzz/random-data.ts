import type { Chance } from './chance.ts';

/** Half of the data is made of anything, half of it has a shape in which paths find something. */
export function randomData(chance: Chance): unknown {
  if (chance.isOne(0.5)) return anything(chance, 4);
  return {
    a: chance.some(4, () => record(chance)),
    b: record(chance),
    c: chance.pick<unknown>([1, 2.5, -3, '7', null]),
    s: word(chance),
    t: chance.pick(['2024-02-29T12:30:45.678Z', '2017-11-07', '1999-12-31T23:59:59+0100', 'no time']),
    ...(chance.isOne(0.3) ? { 'd e': anything(chance, 2) } : {}),
  };
}

function record(chance: Chance): Record<string, unknown> {
  return {
    a: chance.isOne(0.7) ? chance.below(5) : anything(chance, 1),
    b: chance.isOne(0.7) ? word(chance) : anything(chance, 2),
    ...(chance.isOne(0.5)
      ? { c: chance.some(3, () => (chance.isOne(0.6) ? { a: chance.below(3), b: word(chance) } : chance.below(9))) }
      : {}),
    ...(chance.isOne(0.3) ? { s: anything(chance, 1) } : {}),
  };
}

function anything(chance: Chance, depth: number): unknown {
  const kind = depth === 0 ? 0 : chance.below(4);
  if (kind === 1) return chance.some(3, () => anything(chance, depth - 1));
  if (kind >= 2) {
    const names = chance.some(3, () => chance.pick(['a', 'b', 'c', 's', 'd e']));
    return Object.fromEntries(names.map((name) => [name, anything(chance, depth - 1)]));
  }
  return chance.pick<unknown>([0, 1, 2, -1, 1.5, 1e21, '', 'x', 'ab', '3', true, false, null]);
}

function word(chance: Chance): string {
  return chance.pick(['', 'x', 'ab', 'b a', 'abcabc', '12', 'Ä😀', ' two  words ', '2020-01-02']);
}
