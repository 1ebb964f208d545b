import { TulleError, type ErrorItem } from '../event/error.ts';
import { unknownName } from '../functions/schema/fault.ts';
import { checkOptions } from '../functions/schema/options.ts';

/**
 * Every fault of `value` under one of our own JSON Schemas, with its JSON Pointer below `place` and what mends it.
 * Values are never repeated in messages: they may be secrets.
 */
export function findFaults(schema: object, value: unknown, place = ''): ErrorItem[] {
  return checkOptions(schema, value).map((fault) => faultOf(place + fault.place, fault.detail, fault.mend));
}

/** One error for everything that is wrong: a single fault speaks for itself, several come as `errors`. */
export function throwFaults(faults: readonly ErrorItem[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const { code, detail, place, mend } = first;
  const at = { ...(place === undefined ? {} : { place }), ...(mend === undefined ? {} : { mend }) };
  if (faults.length === 1) throw new TulleError(code, detail, at);
  throw new TulleError('resource_invalid', `${faults.length} things are wrong with the document.`, { errors: faults });
}

export function faultOf(place: string, detail: string, mend?: string): ErrorItem {
  return { code: 'resource_invalid', detail, place, ...(mend === undefined ? {} : { mend }) };
}

/** What a compiler throws, as faults at their place in the rule; a failure of ours goes up. */
export function faultsOf(place: string, compile: () => unknown): ErrorItem[] {
  try {
    compile();
    return [];
  } catch (error) {
    if (!TulleError.is(error) || error.fault !== 'user') throw error;
    return (error.errors ?? [error.toItem()]).map((item) => ({ ...item, place: place + (item.place ?? '') }));
  }
}

/**
 * A copy in which every absent member that has a `default` is filled in; members in the order of the schema, unknown
 * ones behind. The value must fit the schema.
 */
export function fillDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => fillDefaults(items, item));
  }
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return value;
  const members = new Map<string, unknown>();
  for (const [name, property] of Object.entries(schema.properties)) {
    const member = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : property.default;
    if (member !== undefined) members.set(name, fillDefaults(property, member));
  }
  for (const [name, member] of Object.entries(value)) if (!members.has(name)) members.set(name, member);
  return Object.fromEntries(members);
}

/** What this file reads of a schema. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

export function unknownMember(place: string, name: string, known: readonly string[] = []): ErrorItem {
  const { detail, mend } = unknownName(name, known);
  return faultOf(place, detail, mend);
}

export { escapePointer } from '../functions/schema/json.ts';
