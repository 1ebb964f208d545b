type Schema = Readonly<Record<string, unknown>>;

/** JSON Schemas as TypeScript, as far as openapi.json uses them for answers: one declaration each. */
export function toDeclarations(schemas: Readonly<Record<string, Schema>>): string {
  return Object.entries(schemas)
    .map(([name, schema]) => `export type ${name} = ${toType(schema)};`)
    .join('\n');
}

function toType(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null) return 'unknown';
  const { $ref, type, anyOf, oneOf } = schema as Schema;
  const values = (schema as Schema)['enum'];
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(values)) return union(values.map((value) => JSON.stringify(value)));
  if (Array.isArray(anyOf)) return union(anyOf.map(toType));
  if (Array.isArray(oneOf) && !('properties' in schema)) return union(oneOf.map(toType));
  if (Array.isArray(type)) return union(type.map((one: unknown) => toType({ ...schema, type: one })));
  if (type === 'array') return `readonly (${toType((schema as Schema)['items'])})[]`;
  if (type === 'object') return toObject(schema as Schema);
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'string' || type === 'boolean' || type === 'null' ? type : 'unknown';
}

/** What is not said to be closed may have more members than are named, of which nothing is known. */
function toObject({ properties, required, additionalProperties: more }: Schema): string {
  const needed = new Set((required ?? []) as readonly string[]);
  const members = Object.entries((properties ?? {}) as Schema).map(
    ([name, member]) => `readonly ${JSON.stringify(name)}${needed.has(name) ? '' : '?'}: ${toType(member)};`,
  );
  const rest = members.length === 0 && typeof more === 'object' && more !== null ? toType(more) : 'unknown';
  // An index beside members has to take all of them.
  if (members.length === 0 || typeof more === 'object') members.push(`readonly [name: string]: ${rest};`);
  return `{ ${members.join(' ')} }`;
}

function union(types: readonly string[]): string {
  return types.map((one) => `(${one})`).join(' | ');
}
