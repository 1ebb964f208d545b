import { canonicalText, isObject, type JsonObject, memberOf } from '../json.ts';
import type { Library, Located } from '../resource.ts';

/** What a schema says of a value, with `allOf` and references resolved into it: all of it holds. */
export interface Facts {
  /** The plain schemas whose keywords all hold, each in its document. */
  readonly parts: readonly Part[];
  /** Of which types a value can be; `integer` is there only where `number` is not. */
  readonly types: ReadonlySet<JsonType>;
  /** Alternatives: of each list one holds. */
  readonly choices: readonly (readonly Located[])[];
}

export interface Part {
  readonly schema: JsonObject;
  readonly located: Located;
}

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

export const allTypes: readonly JsonType[] = ['null', 'boolean', 'number', 'string', 'array', 'object'];

/** A schema resolves into more than this only where it was made for that. */
const mostParts = 200;

/** `undefined` for a schema that nothing fits, or that is too large to look through. */
export function factsOf(library: Library, schemas: readonly Located[]): Facts | 'nothing' | 'too large' {
  const parts: Part[] = [];
  const choices: Located[][] = [];
  let types: ReadonlySet<JsonType> = new Set(allTypes);
  const pending = schemas.slice();
  const seen = new Set<unknown>();
  for (let located = pending.pop(); located !== undefined; located = pending.pop()) {
    const { schema } = located;
    if (schema === false) return 'nothing';
    if (schema === true || !isObject(schema) || seen.has(schema)) continue;
    seen.add(schema);
    if (parts.length > mostParts) return 'too large';
    const reference = memberOf(schema, '$ref');
    if (typeof reference === 'string') {
      pending.push(library.resolve(reference, located, `${located.place}/$ref`));
      if (located.resource.dialect.refStandsAlone) continue;
    }
    const listOf = (keyword: string): Located[] => {
      const list = memberOf(schema, keyword);
      return Array.isArray(list) ? list.map((_item, index) => library.inside(located, keyword, index)) : [];
    };
    pending.push(...listOf('allOf'));
    for (const keyword of ['anyOf', 'oneOf'])
      if (memberOf(schema, keyword) !== undefined) choices.push(listOf(keyword));
    types = intersect(types, typesOf(schema));
    parts.push({ schema, located });
  }
  return types.size === 0 ? 'nothing' : { parts, types, choices };
}

export function typesOf(schema: JsonObject): ReadonlySet<JsonType> {
  const type = memberOf(schema, 'type');
  if (type === undefined) return new Set(allTypes);
  return new Set([type].flat() as JsonType[]);
}

/** Types are sets of values: the integers lie inside the numbers. */
export function intersect(left: ReadonlySet<JsonType>, right: ReadonlySet<JsonType>): ReadonlySet<JsonType> {
  const both = new Set<JsonType>();
  for (const type of left) {
    if (right.has(type) || (type === 'integer' && right.has('number'))) both.add(type);
    if (type === 'number' && right.has('integer') && !right.has('number')) both.add('integer');
  }
  return both;
}

export function isWithin(types: ReadonlySet<JsonType>, wider: ReadonlySet<JsonType>): JsonType | undefined {
  for (const type of types) if (!wider.has(type) && !(type === 'integer' && wider.has('number'))) return type;
  return undefined;
}

/** The values of a schema that are finitely many, as its `enum`, `const` or types list them. */
export function valuesOf({ parts, types }: Facts): readonly unknown[] | undefined {
  for (const { schema } of parts) {
    if (Object.hasOwn(schema, 'const')) return [schema['const']];
    const values = memberOf(schema, 'enum');
    if (Array.isArray(values)) return values;
  }
  if (!Array.from(types).every((type) => type === 'null' || type === 'boolean')) return undefined;
  return Array.from(types).flatMap((type): unknown[] => (type === 'null' ? [null] : [true, false]));
}

/** Keywords that no value is checked against. */
const annotations = new Set(
  '$comment $id $schema title description default examples deprecated readOnly writeOnly format contentMediaType contentEncoding contentSchema'.split(
    ' ',
  ),
);

/** A text that schemas share when they plainly say the same; only for schemas without references. */
export function textOf(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null) return String(schema);
  const known = texts.get(schema);
  if (known !== undefined) return known.text;
  const canonical = canonicalText(withoutAnnotations(schema));
  const text = /"\$(?:ref|dynamicRef)"/.test(canonical) ? undefined : canonical;
  texts.set(schema, { text });
  return text;
}

/** Cache: a comparison asks for the same texts again and again. */
const texts = new WeakMap<object, { readonly text: string | undefined }>();

function withoutAnnotations(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !annotations.has(keyword)));
}
