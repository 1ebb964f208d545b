import { TulleError } from '../../event/error.ts';
import type { FieldTest } from './condition.ts';
import type { FieldValue, FieldValues } from './field-values.ts';
import { passes } from './value-test.ts';

/**
 * Whether the fields of a conjunction can all be satisfied at once, with no two of them taken from different elements
 * of one array.
 *
 * The fields are joined one after another, in the order of their paths. What is carried along is the set of ways in
 * which the fields so far have settled on elements, without the arrays that no later field looks into. Paths below
 * one array follow each other in that order, so there are at most as many ways as there are elements.
 */
export function isConjunctionMet(fields: readonly FieldTest[], values: FieldValues): boolean {
  const sorted = [...fields].sort((a, b) => (a.path < b.path ? -1 : 1));
  const candidates = sorted.map(({ path }) => values.get(path) ?? []);
  const lastUse = lastUses(candidates);
  let ways: Ways = new Map([['', []]]);
  for (const [i, { any }] of sorted.entries()) {
    const all = candidates[i] ?? [];
    const next = new Map<string, Settled>();
    const keep = (way: Settled): void => {
      const kept = withoutSpent(way, lastUse, i);
      next.set(kept.join(), kept);
      if (next.size > maxWays) throw tooManyWays();
    };
    if (any.some(({ op }) => op === 'absent')) {
      const isTaken = lookup(all);
      for (const way of ways.values()) if (isTaken(way).length === 0) keep(way);
    }
    const passing = lookup(all.filter(({ value }) => any.some((test) => passes(test, value))));
    for (const way of ways.values()) {
      for (const settled of passing(way)) keep(settled);
    }
    if (next.size === 0) return false;
    ways = next;
  }
  return true;
}

/** Array numbers and element indices, in pairs; sorted by array. */
type Settled = readonly number[];
type Ways = ReadonlyMap<string, Settled>;

/** Reached only where repeated keys make several arrays of one path. */
const maxWays = 100_000;

/** The index of the last field that has a value in the array. */
function lastUses(candidates: readonly (readonly FieldValue[])[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  for (const [i, values] of candidates.entries()) {
    for (const { elements } of values) for (let j = 0; j < elements.length; j += 2) last.set(elements[j] ?? 0, i);
  }
  return last;
}

function withoutSpent(way: Settled, lastUse: ReadonlyMap<number, number>, field: number): Settled {
  const kept: number[] = [];
  for (let j = 0; j < way.length; j += 2) {
    const array = way[j] ?? 0;
    if ((lastUse.get(array) ?? -1) > field) kept.push(array, way[j + 1] ?? 0);
  }
  return kept;
}

/** Finds the values that agree with a way, by the first element that both name, without looking at the others. */
function lookup(values: readonly FieldValue[]): (way: Settled) => Settled[] {
  const byElement = new Map<string, FieldValue[]>();
  const arrays = new Set<number>();
  for (const one of values) {
    for (let j = 0; j < one.elements.length; j += 2) {
      const key = `${one.elements[j]}:${one.elements[j + 1]}`;
      arrays.add(one.elements[j] ?? 0);
      const known = byElement.get(key);
      if (known === undefined) byElement.set(key, [one]);
      else known.push(one);
    }
  }
  const outside = new Map<number, FieldValue[]>();

  /** The values that lie in no element of the array. */
  function valuesOutside(array: number): readonly FieldValue[] {
    let found = outside.get(array);
    if (found === undefined) {
      found = values.filter(({ elements }) => indexIn(elements, array) === undefined);
      outside.set(array, found);
    }
    return found;
  }

  return (way) => {
    const shared = deepestShared(way, arrays);
    const near =
      shared === undefined
        ? values
        : [...(byElement.get(`${shared}:${indexIn(way, shared)}`) ?? []), ...valuesOutside(shared)];
    return near.map(({ elements }) => merge(way, elements)).filter((settled) => settled !== undefined);
  };
}

function deepestShared(way: Settled, arrays: ReadonlySet<number>): number | undefined {
  for (let j = way.length - 2; j >= 0; j -= 2) if (arrays.has(way[j] ?? -1)) return way[j];
  return undefined;
}

function indexIn(elements: Settled, array: number): number | undefined {
  for (let j = 0; j < elements.length; j += 2) if (elements[j] === array) return elements[j + 1];
  return undefined;
}

/** Both together, or `undefined` where they name different elements of one array. Arrays are numbered outside in. */
function merge(way: Settled, elements: Settled): Settled | undefined {
  const merged: number[] = [];
  let i = 0;
  let j = 0;
  while (i < way.length || j < elements.length) {
    const left = way[i] ?? Infinity;
    const right = elements[j] ?? Infinity;
    if (left === right && way[i + 1] !== elements[j + 1]) return undefined;
    if (left <= right) merged.push(left, way[i + 1] ?? 0);
    else merged.push(right, elements[j + 1] ?? 0);
    if (left <= right) i += 2;
    if (right <= left) j += 2;
  }
  return merged;
}

function tooManyWays(): TulleError {
  return new TulleError('fuel_exhausted', `The event's arrays can be combined in more than ${maxWays} ways`, {
    mend: 'Send an event that does not repeat member names.',
  });
}
