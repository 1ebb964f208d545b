import { JsonataError } from './error.ts';
import type { Run } from './run.ts';
import type { Sequence } from './sequence.ts';

export type JsonObject = Record<string, unknown>;

/** Neither an array nor a function nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number that JSON has; throws D1001 for an infinite one. */
export function isNumeric(value: unknown): value is number {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  if (!Number.isFinite(value)) throw new JsonataError('D1001', 'A number is out of range');
  return true;
}

/** Own members only: nothing of a prototype is ever seen. */
export function ownMember(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets a member, `__proto__` like any other. */
export function setMember(object: JsonObject, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  } else {
    object[name] = value;
  }
}

/**
 * An object like those of `JSON.parse`, which engines handle many times faster than one without a prototype. It is read
 * by `ownMember` and written by `setMember`.
 */
export function newObject(): JsonObject {
  return {};
}

/** The effective boolean value; nothing stays nothing. */
export function toBoolean(value: unknown, run: Run): boolean | undefined {
  if (value === undefined) return undefined;
  return isTrue(value, run);
}

/** Empty, zero and null are false; an array is true when any of its values is, a function is false. */
export function isTrue(value: unknown, run: Run): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return isNumeric(value) && value !== 0;
    case 'object':
      if (value === null) return false;
      if (!Array.isArray(value)) return hasMembers(value, run);
      run.spend(value.length);
      return value.some((item) => isTrue(item, run));
    default:
      return false;
  }
}

/** However it is asked, engines look at all members of a large object. */
function hasMembers(object: object, run: Run): boolean {
  const { length } = Object.keys(object);
  run.spend(length >> 3);
  return length > 0;
}

export function isEqual(left: unknown, right: unknown, run: Run): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  run.enter();
  const equal = Array.isArray(left)
    ? areArraysEqual(left, right as unknown[], run)
    : areObjectsEqual(left as JsonObject, right as JsonObject, run);
  run.leave();
  return equal;
}

function areArraysEqual(left: readonly unknown[], right: readonly unknown[], run: Run): boolean {
  if (left.length !== right.length) return false;
  run.spend(left.length);
  return left.every((item, index) => isEqual(item, right[index], run));
}

function areObjectsEqual(left: JsonObject, right: JsonObject, run: Run): boolean {
  const names = Object.keys(left);
  run.spend(names.length);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && isEqual(left[name], right[name], run));
}

/**
 * The value of a name: of an object its own member, of an array the members of all its objects. A function has none.
 */
export function lookup(value: unknown, name: string, run: Run): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return ownMember(value as JsonObject, name);
  const found: Sequence = [];
  found.sequence = true;
  run.enter();
  run.spend(value.length);
  for (const item of value) {
    const one = lookup(item, name, run);
    if (Array.isArray(one)) {
      run.values(found.length + one.length);
      for (const inner of one) found.push(inner);
    } else if (one !== undefined) {
      found.push(one);
    }
  }
  run.leave();
  return found;
}
