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
  return canAgree(
    sorted.map(({ path, any }) => choiceOf(any, values.get(path) ?? [])),
    { looks: 0 },
  );
}

export function choiceOf(any: readonly ValueTest[], values: readonly FieldValue[]): FieldChoice {
  const passing = values.filter(({ value }) => any.some((test) => passes(test, value)));
  const mayBeAbsent = any.some(({ op }) => op === 'absent');
  return {
    passing: passing.map(({ elements }) => elements),
    present: mayBeAbsent ? values.map(({ elements }) => elements) : undefined,
  };
}

/** What was spent so far on the elements of one event. */
export interface Fuel {
  looks: number;
}

/** Looks at array elements that one event may cost, over and over: about a second's work. */
export const mostLooks = 5_000_000;

/** Throws `fuel_exhausted` where an event has cost too much. */
export function spend(fuel: Fuel, looks: number): void {
  fuel.looks += looks;
  if (fuel.looks <= mostLooks) return;
  throw new TulleError('fuel_exhausted', `The event's array elements need more than ${mostLooks} looks to be matched`, {
    mend: 'Send fewer elements in one event, or use fewer rules that combine several fields of one array.',
  });
}

/**
 * Whether every field can choose so that no two choices lie in different elements of one array. The fields come in the
 * order of their paths and are joined one after another. What is carried along is the set of ways in which they have
 * settled on elements so far, without the arrays that no later field looks into. Paths below one array follow each
 * other in that order, so there are at most as many ways as there are elements. Throws `fuel_exhausted`.
 */
export function canAgree(fields: readonly FieldChoice[], fuel: Fuel): boolean {
  const lastUse = lastUses(fields);
  let ways: Ways = new Map([['', none]]);
  for (const [i, { passing, present }] of fields.entries()) {
    const next = new Map<string, Settled>();
    const keep = (way: Settled): void => {
      const kept = withoutSpent(way, lastUse, i);
      next.set(kept.join(), kept);
      spend(fuel, looksOfJoin);
      if (next.size > maxWays) throw tooManyWays();
    };
    const choices = choiceTree(passing);
    const values = present === undefined ? undefined : choiceTree(present);
    for (const way of ways.values()) {
      if (values !== undefined && !hasAgreeing(values, way)) keep(way);
      joinAgreeing(choices, way, keep);
    }
    if (next.size === 0) return false;
    ways = next;
  }
  return true;
}

/** As `Elements`; arrays are numbered from outside in, so the pairs of several choices are kept in that order. */
type Settled = readonly number[];
type Ways = ReadonlyMap<string, Settled>;

const none: Settled = [];

/** Reached only where repeated keys make several arrays of one path. */
const maxWays = 100_000;

/** Joining a choice to a way takes as long as so many looks. */
const looksOfJoin = 5;

/** For every array the last field that looks into it. */
function lastUses(fields: readonly FieldChoice[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  for (const [i, { passing, present }] of fields.entries()) {
    for (const elements of present ?? passing) for (const [array] of pairsOf(elements)) last.set(array, i);
  }
  return last;
}

function withoutSpent(way: Settled, lastUse: ReadonlyMap<number, number>, field: number): Settled {
  return pairsOf(way)
    .filter(([array]) => (lastUse.get(array) ?? field) > field)
    .flat();
}

/**
 * Choices by the arrays and elements on the way to them, so that those that agree with what was settled are found
 * without trying the others.
 */
interface ChoiceTree {
  /** The choice that lies here, if one does. */
  choice: Elements | undefined;
  readonly arrays: Map<number, Map<number, ChoiceTree>>;
}

function choiceTree(choices: readonly Elements[]): ChoiceTree {
  const root: ChoiceTree = { choice: undefined, arrays: new Map() };
  for (const choice of choices) {
    let node = root;
    for (const [array, index] of pairsOf(choice)) {
      let elements = node.arrays.get(array);
      if (elements === undefined) node.arrays.set(array, (elements = new Map()));
      let next = elements.get(index);
      if (next === undefined) elements.set(index, (next = { choice: undefined, arrays: new Map() }));
      node = next;
    }
    node.choice = choice;
  }
  return root;
}

/** Whether some choice agrees with a way. */
function hasAgreeing({ choice, arrays }: ChoiceTree, way: Settled): boolean {
  if (choice !== undefined) return true;
  for (const [array, elements] of arrays) {
    const index = indexIn(way, array);
    // There is a choice behind every element.
    if (index === undefined) return true;
    const settled = elements.get(index);
    if (settled !== undefined && hasAgreeing(settled, way)) return true;
  }
  return false;
}

/** Hands over the way joined with each choice that agrees with it. */
function joinAgreeing({ choice, arrays }: ChoiceTree, way: Settled, found: (way: Settled) => void): void {
  if (choice !== undefined) found(merge(way, choice));
  for (const [array, elements] of arrays) {
    const index = indexIn(way, array);
    if (index === undefined) {
      for (const element of elements.values()) joinAgreeing(element, way, found);
    } else {
      const settled = elements.get(index);
      if (settled !== undefined) joinAgreeing(settled, way, found);
    }
  }
}

function indexIn(way: Settled, array: number): number | undefined {
  return pairsOf(way).find((pair) => pair[0] === array)?.[1];
}

/** Both together; they agree. Arrays are numbered outside in. */
function merge(way: Settled, choice: Elements): Settled {
  const merged: number[] = [];
  let at = 0;
  for (const [array, index] of pairsOf(choice)) {
    for (; (way[at] ?? Infinity) < array; at += 2) merged.push(...way.slice(at, at + 2));
    if (way[at] === array) at += 2;
    merged.push(array, index);
  }
  return [...merged, ...way.slice(at)];
}

function pairsOf(elements: Elements): readonly (readonly [array: number, index: number])[] {
  const pairs: [number, number][] = [];
  for (let i = 1; i < elements.length; i += 2) pairs.push([elements[i - 1] as number, elements[i] as number]);
  return pairs;
}

function tooManyWays(): TulleError {
  return new TulleError('fuel_exhausted', `The event's arrays can be combined in more than ${maxWays} ways`, {
    mend: 'Send an event that does not repeat member names.',
  });
}
