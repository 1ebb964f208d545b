import { formats } from './formats.ts';
import { isObject, type JsonObject } from './json.ts';

/** A schema as discovery writes it: what was seen, without any value. */
export interface InferredSchema {
  readonly type?: string | readonly string[];
  /** Of all strings that were seen here. */
  readonly format?: string;
  readonly properties?: Readonly<Record<string, InferredSchema>>;
  /** Members that every object seen here had. */
  readonly required?: readonly string[];
  readonly items?: InferredSchema;
}

/**
 * What is known after one more value. Every value that was ever seen fits the result; values, lengths and choices are
 * never kept. Beyond the bounds, and for names that look like data (ids as keys), it says less, never something wrong.
 * @param previous what was known before; `undefined` for the first value
 */
export function inferSchema(previous: InferredSchema | undefined, value: unknown): InferredSchema {
  return mergeInferred(previous, observe(value, 0));
}

/** What two observers know together, in whatever order. */
export function mergeInferred(left: InferredSchema | undefined, right: InferredSchema): InferredSchema {
  if (left === undefined) return right;
  const types = mergeTypes([left.type ?? []].flat(), [right.type ?? []].flat());
  if (types.length === 0) return {};
  const format = mergeFormats(left, right);
  const items = left.items === undefined || right.items === undefined ? (left.items ?? right.items) : undefined;
  const mergedItems = items ?? (right.items && mergeInferred(left.items, right.items));
  return {
    type: types.length === 1 ? types[0]! : types,
    ...(format === undefined ? {} : { format }),
    ...mergeObjects(left, right),
    ...(mergedItems === undefined ? {} : { items: mergedItems }),
  };
}

const deepest = 8;
const mostMembers = 100;
/** More items of one array say little that is new. */
const mostItems = 50;

function observe(value: unknown, depth: number): InferredSchema {
  if (value === null) return { type: 'null' };
  if (Array.isArray(value)) {
    const items = depth === deepest ? [] : value.slice(0, mostItems).map((item) => observe(item, depth + 1));
    // Items that were not looked at may be of any kind.
    if (items.length < value.length || items.length === 0)
      return { type: 'array', ...(value.length > 0 ? { items: {} } : {}) };
    return { type: 'array', items: items.reduce((all, item) => mergeInferred(all, item)) };
  }
  if (isObject(value)) return observeObject(value, depth);
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
  if (typeof value !== 'string') return { type: typeof value };
  const format = formatOf(value);
  return { type: 'string', ...(format === undefined ? {} : { format }) };
}

function observeObject(value: JsonObject, depth: number): InferredSchema {
  const names = depth === deepest ? [] : Object.keys(value).filter(isName);
  const known = names.slice(0, mostMembers);
  const properties = Object.fromEntries(known.map((name) => [name, observe(value[name], depth + 1)]));
  return { type: 'object', properties, required: known };
}

function mergeObjects(left: InferredSchema, right: InferredSchema): Pick<InferredSchema, 'properties' | 'required'> {
  if (left.properties === undefined || right.properties === undefined) {
    const { properties, required } = left.properties === undefined ? right : left;
    return properties === undefined ? {} : { properties, ...(required === undefined ? {} : { required }) };
  }
  const properties = new Map(Object.entries(left.properties));
  // Who is full may have seen any other name, with any value: what is known of such a name is forgotten.
  if (Object.keys(right.properties).length >= mostMembers) {
    for (const name of properties.keys()) if (!Object.hasOwn(right.properties, name)) properties.delete(name);
  }
  const isFull = Object.keys(left.properties).length >= mostMembers;
  for (const [name, schema] of Object.entries(right.properties)) {
    const known = properties.get(name);
    if (known !== undefined || (!isFull && properties.size < mostMembers))
      properties.set(name, mergeInferred(known, schema));
  }
  const required = (left.required ?? []).filter((name) => right.required?.includes(name) && properties.has(name));
  return { properties: Object.fromEntries(properties), required };
}

function mergeTypes(left: readonly string[], right: readonly string[]): string[] {
  // A schema without a type stands for anything.
  if (left.length === 0 || right.length === 0) return [];
  const types = new Set([...left, ...right]);
  if (types.has('number')) types.delete('integer');
  return Array.from(types).sort();
}

function mergeFormats(left: InferredSchema, right: InferredSchema): string | undefined {
  const [inLeft, inRight] = [left, right].map(({ type = [] }) => type.includes('string'));
  if (inLeft && inRight) return left.format === right.format ? left.format : undefined;
  return inLeft ? left.format : right.format;
}

function formatOf(text: string): string | undefined {
  if (text.length > 2048) return undefined;
  return recognised.find((format) => formats[format]!(text));
}

const recognised = ['date-time', 'date', 'uuid', 'email'];

/** Names of members as people choose them. Ids, mail addresses and the like as names are data. */
function isName(name: string): boolean {
  return /^[A-Za-z_$@][\w$@.: -]{0,63}$/.test(name) && !/\d{4}|@.*\.|[0-9a-f]{12}|^__proto__$/.test(name);
}
