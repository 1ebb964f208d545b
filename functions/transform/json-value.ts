import { numberText } from './exact-numbers.ts';

export type JsonObject = Record<string, unknown>;

/** An object in the sense of JSON: no array, no null, and no number that is kept as it was written. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && numberText(value) === undefined;
}

/** An object without a prototype: in it `__proto__` is a name like any other. */
export function newObject(): JsonObject {
  return Object.create(null) as JsonObject;
}

/** Only what the object itself has, never what it inherits. */
export function memberOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Also on an object with a prototype `__proto__` becomes a member like any other. */
export function setMember(object: JsonObject, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** A copy that shares nothing that can change. */
export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isObject(value)) return value;
  const copy = newObject();
  for (const name of Object.keys(value)) copy[name] = copyJson(value[name]);
  return copy;
}
