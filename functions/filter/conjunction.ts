import { TulleError } from '../../event/error.ts';
import type { FieldTest, ValueTest } from './condition.ts';
import type { FieldValue, FieldValues } from './field-values.ts';
import { passes } from './value-test.ts';

/** The array elements that a value lies in: array numbers and element indices in pairs, outermost first. */
export type Elements = readonly number[];

/** What one field of a conjunction has to choose from. */
export interface FieldChoice {
  /** Where the values lie that pass. */
  readonly passing: readonly Elements[];
  /** Where all of its values lie, if the field may also be absent among the elements that were settled on. */
  readonly present: readonly Elements[] | undefined;
}

/** Whether all fields of a conjunction can be satisfied at once. */
export function isConjunctionMet(fields: readonly FieldTest[], values: FieldValues): boolean {
  const sorted = [...fields].sort((a, b) => (a.path < b.path ? -1 : 1));
  return canAgree(sorted.map(({ path, any }) => choiceOf(any, values.get(path) ?? [])));
}

export function choiceOf(any: readonly ValueTest[], values: readonly FieldValue[]): FieldChoice {
  const passing = values.filter(({ value }) => any.some((test) => passes(test, value)));
  const mayBeAbsent = any.some(({ op }) => op === 'absent');
  return {
    passing: passing.map(({ elements }) => elements),
    present: mayBeAbsent ? values.map(({ elements }) => elements) : undefined,
  };
}

/**
 * Whether every field can choose so that no two choices lie in different elements of one array. The fields come in the
 * order of their paths and are joined one after another. What is carried along is the set of ways in which they have
 * settled on elements so far, without the arrays that no later field looks into. Paths below one array follow each
 * other in that order, so there are at most as many ways as there are elements.
 */
export function canAgree(fields: readonly FieldChoice[]): boolean {
  const lastUse = lastUses(fields);
  let ways: Ways = new Map([['', []]]);
  for (const [i, { passing, present }] of fields.entries()) {
    const next = new Map<string, Settled>();
    const keep = (way: Settled): void => {
      const kept = withoutSpent(way, lastUse, i);
      next.set(kept.join(), kept);
      if (next.size > maxWays) throw tooManyWays();
    };
    if (present !== undefined) {
      const agreeing = lookup(present);
      for (const way of ways.values()) if (agreeing(way).length === 0) keep(way);
    }
    const agreeing = lookup(passing);
    for (const way of ways.values()) {
      for (const settled of agreeing(way)) keep(settled);
    }
    if (next.size === 0) return false;
    ways = next;
  }
  return true;
}

/** As `Elements`; arrays are numbered from outside in, so the pairs of several choices are kept in that order. */
type Settled = readonly number[];
type Ways = ReadonlyMap<string, Settled>;

/** Reached only where repeated keys make several arrays of one path. */
const maxWays = 100_000;

/** For every array the last field that looks into it. */
function lastUses(fields: readonly FieldChoice[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  for (const [i, { passing, present }] of fields.entries()) {
    for (const elements of present ?? passing) {
      for (let j = 0; j < elements.length; j += 2) last.set(elements[j] ?? 0, i);
    }
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

/** Finds the choices that agree with a way, by the innermost element that both name, without trying the others. */
function lookup(choices: readonly Elements[]): (way: Settled) => Settled[] {
  const byElement = new Map<string, Elements[]>();
  const arrays = new Set<number>();
  for (const elements of choices) {
    for (let j = 0; j < elements.length; j += 2) {
      const key = `${elements[j]}:${elements[j + 1]}`;
      arrays.add(elements[j] ?? 0);
      const known = byElement.get(key);
      if (known === undefined) byElement.set(key, [elements]);
      else known.push(elements);
    }
  }
  const outside = new Map<number, readonly Elements[]>();

  /** The choices that lie in no element of the array. */
  function choicesOutside(array: number): readonly Elements[] {
    let found = outside.get(array);
    if (found === undefined) {
      found = choices.filter((elements) => indexIn(elements, array) === undefined);
      outside.set(array, found);
    }
    return found;
  }

  return (way) => {
    const shared = deepestShared(way, arrays);
    const near =
      shared === undefined
        ? choices
        : [...(byElement.get(`${shared}:${indexIn(way, shared)}`) ?? []), ...choicesOutside(shared)];
    return near.map((elements) => merge(way, elements)).filter((settled) => settled !== undefined);
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
