import fc from 'fast-check';
import type { JsonSchema, OpenApi } from './openapi.ts';

/** Values that fit a schema, mostly: what a schema cannot say (or this does not read) may be broken. */
export type Arbitraries = (schema: JsonSchema) => fc.Arbitrary<unknown>;

const deepest = 5;

/** What half of the members of these names are, because of all that fits their schemas hardly anything makes sense. */
const likely: Readonly<Record<string, unknown>> = {
  url: 'https://crm.example.com/hook',
  tokenUrl: 'https://login.example.com/token',
  http: { url: 'https://crm.example.com/hook' },
  pattern: { source: ['/shop'] },
  steps: [{ omit: { paths: ['data.amount'] } }],
  retry: {},
  issuer: 'https://login.example.com',
  jwks: 'https://login.example.com/keys',
  access: [{ claims: { groups: 'ops' }, role: 'viewer', buses: ['*'] }],
  archive: 'crm',
  from: 0,
  put: { kind: 'bus', name: 'crm' },
  edits: [{ put: { kind: 'bus', name: 'crm' } }, { delete: { kind: 'secret', name: 'crm' } }],
};

export function createArbitraries({ components }: OpenApi): Arbitraries {
  function resolve(schema: JsonSchema): JsonSchema {
    const reference = schema['$ref'];
    if (typeof reference !== 'string') return schema;
    return components.schemas[reference.slice(reference.lastIndexOf('/') + 1)] ?? {};
  }

  function of(given: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    const schema = resolve(given);
    if ('const' in schema) return fc.constant(schema['const']);
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
    const choices = (schema['anyOf'] ?? (schema['properties'] === undefined ? schema['oneOf'] : undefined)) as
      | readonly JsonSchema[]
      | undefined;
    if (choices !== undefined) return fc.oneof(...choices.map((choice) => of(choice, depth + 1)));
    const types = [schema['type'] ?? (schema['properties'] === undefined ? undefined : 'object')].flat();
    const [type] = types;
    if (type === undefined || depth > deepest) return fc.jsonValue({ maxDepth: 2 });
    if (types.length > 1) return fc.oneof(...types.map((one) => of({ ...schema, type: one }, depth)));
    switch (type) {
      case 'object':
        return objectOf(schema, depth);
      case 'array': {
        const { minItems = 0, maxItems = 4 } = schema as { minItems?: number; maxItems?: number };
        const maxLength = Math.max(minItems, Math.min(maxItems, 4));
        const items = of((schema['items'] as JsonSchema | undefined) ?? {}, depth + 1);
        return schema['uniqueItems'] === true
          ? fc.uniqueArray(items, { minLength: minItems, maxLength, selector: (item) => JSON.stringify(item) })
          : fc.array(items, { minLength: minItems, maxLength });
      }
      case 'integer': {
        const { minimum = -10, maximum = 1_000_000 } = schema as { minimum?: number; maximum?: number };
        return fc.integer({ min: minimum, max: Math.min(maximum, Number.MAX_SAFE_INTEGER) });
      }
      case 'number': {
        const { minimum = -10, maximum = 1_000_000 } = schema as { minimum?: number; maximum?: number };
        return fc.double({ min: minimum, max: maximum, noNaN: true });
      }
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return stringOf(schema);
    }
  }

  function objectOf(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    // A member whose schema is `false` may not be there.
    const declared = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema | boolean>>);
    const properties = Object.fromEntries(
      declared.flatMap(([name, member]) => (member === false ? [] : [[name, member === true ? {} : member]])),
    );
    const required = (schema['required'] ?? []) as readonly string[];
    const known = Object.keys(properties);
    const exactlyOne = (schema['oneOf'] as readonly { readonly required: readonly [string] }[] | undefined)?.map(
      (choice) => choice.required[0],
    );
    const chosen = exactlyOne ?? (schema['maxProperties'] === 1 ? known : []);
    const free = known.filter((name) => !required.includes(name) && !chosen.includes(name));
    return fc
      .record({
        one: chosen.length === 0 ? fc.constant([]) : fc.constantFrom(...chosen).map((name) => [name]),
        more: fc.subarray(free, { maxLength: Math.min(free.length, 4) }),
      })
      .chain(({ one, more }) => {
        const names = [...required, ...one, ...more];
        const members = Object.fromEntries(
          names.map((name) => {
            const any = of(properties[name] ?? {}, depth + 1);
            return [name, Object.hasOwn(likely, name) ? fc.oneof(any, fc.constant(likely[name])) : any];
          }),
        );
        const others = schema['additionalProperties'];
        return typeof others === 'object' && others !== null && known.length === 0
          ? fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), of(others as JsonSchema, depth + 1), { maxKeys: 3 })
          : fc.record(members);
      });
  }

  function stringOf(schema: JsonSchema): fc.Arbitrary<unknown> {
    const {
      pattern,
      format,
      minLength = 0,
      maxLength = 64,
    } = schema as {
      pattern?: string;
      format?: string;
      minLength?: number;
      maxLength?: number;
    };
    if (format === 'date-time') {
      const [min, max] = [new Date('2020-01-01T00:00:00Z'), new Date('2040-01-01T00:00:00Z')];
      return fc.date({ min, max, noInvalidDate: true }).map((date) => date.toISOString());
    }
    if (format !== undefined) return fc.oneof(fc.webUrl(), fc.constant('/shop'));
    // The names that are there come often, so that something is found.
    if (pattern?.startsWith('^[a-z0-9]([a-z0-9-]') === true)
      return fc.oneof(fc.constant('crm'), fc.stringMatching(/^[a-d]$/));
    if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, maxLength));
    return fc.oneof(
      fc.constantFrom('crm', 'e1', 'order.created', '/shop', 'https://crm.example.com/hook'),
      fc.string({ unit: 'binary', minLength, maxLength: Math.min(Math.max(maxLength, minLength), 64) }),
    );
  }

  return (schema) => of(schema, 0);
}

/** A value with one of its parts put out of shape: what is there goes, or becomes something else. */
export function spoil(value: unknown, at: readonly number[], by: unknown): unknown {
  const [place, ...rest] = at;
  if (place === undefined || typeof value !== 'object' || value === null) return by;
  const names = Object.keys(value);
  const name = names[place % Math.max(1, names.length)];
  if (name === undefined) return by;
  const member = spoil((value as Record<string, unknown>)[name], rest, by);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === name ? member : item));
  return { ...value, [name]: member };
}
