import { FuelExhausted } from './error.ts';
import type { Run } from './run.ts';
import type { Sequence } from './sequence.ts';
import { setMember, type JsonObject } from './values.ts';

const deepestResult = 200;

/**
 * What leaves an evaluation: without the marks of sequences, and no larger when written out than fuel allows. A value
 * that is held in many places counts as often, because it will be written as often. What needs no change is not copied.
 */
export function toPlain(value: unknown, run: Run): unknown {
  return plain(value, run, 0);
}

function plain(value: unknown, run: Run, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepestResult) throw new FuelExhausted(`The result is nested deeper than ${deepestResult} levels.`);
  return Array.isArray(value)
    ? plainArray(value as Sequence, run, depth)
    : plainObject(value as JsonObject, run, depth);
}

function plainArray(array: Sequence, run: Run, depth: number): unknown[] {
  run.spend(1 + array.length);
  const isMarked = array.sequence === true || array.constructed === true;
  let copy: unknown[] | undefined = isMarked ? Array.from(array) : undefined;
  for (let index = 0; index < array.length; index += 1) {
    const item = plain(array[index], run, depth + 1);
    if (item === array[index]) continue;
    copy ??= Array.from(array);
    copy[index] = item;
  }
  return copy ?? array;
}

function plainObject(object: JsonObject, run: Run, depth: number): object {
  let copy: JsonObject | undefined;
  let count = 0;
  // Nearly all members are texts and numbers: engines have their names at hand for this loop, and make no list of them.
  for (const name in object) {
    const member = object[name];
    count += 1;
    if (typeof member !== 'object' || member === null) continue;
    const value = plain(member, run, depth + 1);
    if (value === member || !Object.hasOwn(object, name)) continue;
    copy ??= { ...object };
    setMember(copy, name, value);
  }
  run.spend(count);
  return copy ?? object;
}
