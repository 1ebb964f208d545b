import type { Schema } from '../../mesh/openapi/operation.ts';
import { meanings } from './meanings.ts';

/** A member of a document, at any depth. */
export interface Field {
  /** `targets[].http.url` */
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
  /** What it is for; empty where nobody has said it. */
  readonly meaning: string;
  /** What its values look like, where the schema says that and not what they are for. */
  readonly format: string;
}

/**
 * Every field, in the order of the schema. What is told elsewhere, or twice, is told once. `kind` is where `meanings`
 * has it: `rule`, `targets[].http`.
 */
export function fieldsOf(kind: string, root: Schema, schemas: Readonly<Record<string, Schema>>): readonly Field[] {
  const fields: Field[] = [];

  function walk(schema: Schema, path: string): void {
    const required = (schema['required'] ?? []) as readonly string[];
    for (const [name, member] of Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>)) {
      const at = path === '' ? name : `${path}.${name}`;
      const target = /^targets\[\]\.deadLetter\.(.+)$/.exec(at)?.[1];
      const meaning = target === undefined ? meaningOf(kind, at, member) : `as \`targets[].${target}\``;
      const said = typeof member['description'] === 'string' ? member['description'] : '';
      const format = said === meaning || (target !== undefined && member['type'] === 'object') ? '' : said;
      fields.push({ path: at, schema: resolve(member), required: required.includes(name), meaning, format });
      if (target !== undefined) continue;
      if (!isElsewhere(member)) walk(resolve(member), at);
      const items = member['items'] as Schema | undefined;
      if (items !== undefined && !isElsewhere(items)) walk(resolve(items), `${at}[]`);
    }
  }

  function resolve(schema: Schema): Schema {
    return schemas[refOf(schema)] ?? schema;
  }

  walk(root, '');
  return fields;
}

function refOf(schema: Schema): string {
  const text = schema['$ref'];
  return typeof text === 'string' ? text.slice(text.lastIndexOf('/') + 1) : '';
}

/** Filters and steps have pages of their own. */
function isElsewhere(schema: Schema): boolean {
  return refOf(schema) === 'Filter' || refOf(schema) === 'Step';
}

/** By the whole path, or the longest end of it that the table has; else what the schema says. */
function meaningOf(kind: string, path: string, schema: Schema): string {
  const names = `${kind}.${path}`.split('.');
  const own = meanings[names.join('.')];
  if (own !== undefined) return own;
  const isTop = names.length === 2;
  for (let from = 1; from < names.length; from += 1) {
    const found = meanings[names.slice(from).join('.')];
    // `description` at the top is not a description deeper down.
    if (found !== undefined && (isTop || from < names.length - 1)) return found;
  }
  return typeof schema['description'] === 'string' ? schema['description'] : '';
}

export function typeOf(schema: Schema): string {
  const {
    type,
    enum: values,
    const: only,
    items,
    anyOf,
  } = schema as {
    readonly type?: string | readonly string[];
    readonly enum?: readonly unknown[];
    readonly const?: unknown;
    readonly items?: Schema;
    readonly anyOf?: readonly Schema[];
  };
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (type === 'array')
    return items === undefined ? 'list' : `list of ${refOf(items) === '' ? typeOf(items) : 'objects'}`;
  return [type ?? 'any'].flat().join(' or ');
}

/** What values it may have, in words. */
export function limitsOf({ schema, format }: Pick<Field, 'schema' | 'format'>): string {
  const read = (keyword: string): number | undefined => {
    const value = schema[keyword];
    return typeof value === 'number' ? value : undefined;
  };
  const between = (low: number | undefined, high: number | undefined, unit: string): string => {
    if (low === undefined && high === undefined) return '';
    if (low === high) return `exactly ${low} ${low === 1 ? unit.slice(0, -1) : unit}`.trimEnd();
    const figures = [low, high].map((figure) => figure?.toLocaleString('en-US'));
    const range =
      low === undefined ? `up to ${figures[1]}` : high === undefined ? `from ${figures[0]}` : figures.join(' to ');
    return unit === '' ? range : `${range} ${unit}`;
  };
  return escapeCell(
    [
      between(read('minimum'), read('maximum'), ''),
      format === '' ? between(read('minLength'), read('maxLength'), 'characters') : format,
      between(read('minItems'), read('maxItems'), 'items'),
      between(read('minProperties'), read('maxProperties'), 'members'),
    ]
      .filter((limit) => limit !== '')
      .join('; '),
  );
}

export function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
