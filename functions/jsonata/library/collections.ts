import { apply, isCallable } from '../callable.ts';
import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { add, append, isSequence, newSequence } from '../sequence.ts';
import { mergeSort } from '../sort.ts';
import { toText } from '../text.ts';
import {
  isEqual,
  isNumeric,
  isObject,
  isTrue,
  lookup,
  newObject,
  setMember,
  toBoolean,
  type JsonObject,
} from '../values.ts';
import { define, type Library } from './define.ts';

type Values = readonly unknown[] | undefined;

export const collectionFunctions: Library = {
  boolean: define('<x-:b>', 1, (run, value: unknown) => toBoolean(value, run)),
  not: define('<x-:b>', 1, (run, value: unknown) => (value === undefined ? undefined : !isTrue(value, run))),
  exists: define('<x:b>', 1, (_, value: unknown) => value !== undefined),
  type: define('<x:s>', 1, (_, value: unknown) => typeName(value)),
  append: define('<xx:a>', 2, (run, first: unknown, second: unknown) => append(first, second, run)),
  reverse: define('<a:a>', 1, (run, values: Values) => {
    if (values === undefined || values.length <= 1) return values;
    run.values(values.length);
    return Array.from(values).reverse();
  }),
  shuffle: define('<a:a>', 1, (run, values: Values) =>
    values === undefined || values.length <= 1 ? values : shuffle(values, run),
  ),
  distinct: define('<x:x>', 1, (run, values: unknown) =>
    Array.isArray(values) && values.length > 1 ? distinct(values, run) : values,
  ),
  sort: define('<af?:a>', 2, (run, values: Values, isAfter: unknown) => {
    if (values === undefined || values.length <= 1) return values;
    if (isAfter !== undefined) {
      return mergeSort(values, (left, right) => isTruthy(apply(isAfter, [left, right], null, run)), run);
    }
    if (!values.every(isNumeric) && !values.every((value) => typeof value === 'string')) {
      throw new JsonataError('D3070', 'Without a function to compare, $sort takes numbers only or strings only');
    }
    return mergeSort(values, (left, right) => (left as string) > (right as string), run);
  }),
  zip: define('<a+>', 0, (run, ...lists: readonly Values[]) => {
    const length = Math.min(...lists.map((list) => list?.length ?? 0));
    run.values(length * lists.length);
    return Array.from({ length }, (_, index) => lists.map((list) => list?.[index]));
  }),
  keys: define('<x-:a<s>>', 1, (run, value: unknown) => {
    const names = newSequence();
    for (const name of keysOf(value, run)) add(names, name, run);
    return names;
  }),
  lookup: define('<x-s:x>', 2, (run, value: unknown, name: string) => lookup(value, name, run)),
  spread: define('<x-:a<o>>', 1, (run, value: unknown) => spread(value, run)),
  merge: define('<a<o>:o>', 1, (run, objects: readonly JsonObject[] | undefined) => {
    if (objects === undefined) return undefined;
    // Engines copy a whole object faster than member by member.
    let merged: JsonObject = {};
    for (const [index, object] of objects.entries()) {
      const names = Object.keys(object);
      run.spend(1 + names.length);
      if (index === 0) merged = { ...object };
      else for (const name of names) setMember(merged, name, object[name]);
    }
    return merged;
  }),
  clone: define('<(oa)-:o>', 1, (run, value: unknown): unknown =>
    value === undefined ? undefined : JSON.parse(run.text(toText(value, run))),
  ),
  error: define('<s?:x>', 1, (_, message: string | undefined) => {
    throw new JsonataError('D3137', '$error() function evaluated', undefined, '', message);
  }),
  assert: define('<bs?:x>', 2, (_, condition: boolean | undefined, message: string | undefined) => {
    if (!condition) throw new JsonataError('D3141', '$assert() statement failed', undefined, '', message);
  }),
};

/** A comparison function answers whatever it likes; what JavaScript takes for true makes two values change places. */
function isTruthy(answer: unknown): boolean {
  return Boolean(answer);
}

function typeName(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 'null';
  if (isCallable(value)) return 'function';
  if (Array.isArray(value)) return 'array';
  return isNumeric(value) || typeof value === 'string' || typeof value === 'boolean' ? typeof value : 'object';
}

function shuffle(values: readonly unknown[], run: Run): unknown[] {
  run.values(values.length);
  const shuffled: unknown[] = [];
  for (const [index, value] of values.entries()) {
    const place = Math.floor(run.random() * (index + 1));
    shuffled.push(shuffled[place]);
    shuffled[place] = value;
  }
  return shuffled;
}

/** Scalars are found in a set; arrays and objects are compared with each other. */
function distinct(values: readonly unknown[], run: Run): unknown[] {
  const found = isSequence(values) ? newSequence() : [];
  const scalars = new Set<unknown>();
  const others: unknown[] = [];
  for (const value of values) {
    run.spend(1);
    if (typeof value !== 'object' || value === null) {
      if (scalars.has(value) && !Number.isNaN(value)) continue;
      scalars.add(value);
    } else {
      run.spend(others.length);
      if (others.some((other) => isEqual(value, other, run))) continue;
      others.push(value);
    }
    found.push(value);
  }
  return found;
}

function keysOf(value: unknown, run: Run): ReadonlySet<string> {
  const names = new Set<string>();
  if (Array.isArray(value)) {
    run.enter(1 + value.length);
    for (const item of value) for (const name of keysOf(item, run)) names.add(name);
    run.leave();
  } else if (isObject(value)) {
    for (const name of Object.keys(value)) names.add(name);
  }
  run.spend(names.size);
  return names;
}

function spread(value: unknown, run: Run): unknown {
  if (!Array.isArray(value) && !isObject(value)) return value;
  run.enter();
  let found: unknown = newSequence();
  if (Array.isArray(value)) {
    for (const item of value) found = append(found, spread(item, run), run);
  } else {
    for (const [name, member] of Object.entries(value)) {
      const single = newObject();
      setMember(single, name, member);
      add(found as unknown[], single, run);
    }
  }
  run.leave();
  return found;
}
