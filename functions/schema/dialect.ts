/** How the keywords of a dialect hold schemas: one, an object of them, or an array. */
type Holds = 'schema' | 'schemas' | 'list' | 'schema or list' | 'schemas or names';

export interface Dialect {
  readonly name: '2020-12' | 'draft-07';
  readonly uri: string;
  /** Every keyword that holds schemas. What stands below any other member is no schema. */
  readonly applicators: Readonly<Record<string, Holds>>;
  /** Keywords of the other dialect. */
  readonly ignores: readonly string[];
  /** `$ref` stands alone: whatever is beside it does not count. */
  readonly refStandsAlone: boolean;
  /** Without the validation vocabulary `minimum` and its kin only annotate. */
  readonly validates: boolean;
}

const shared = {
  ...all('schema', ['additionalProperties', 'contains', 'not', 'if', 'then', 'else', 'propertyNames']),
  ...all('schemas', ['properties', 'patternProperties', 'definitions']),
  ...all('list', ['allOf', 'anyOf', 'oneOf']),
};

const draft2020: Dialect = {
  name: '2020-12',
  uri: 'https://json-schema.org/draft/2020-12/schema',
  applicators: {
    ...shared,
    $defs: 'schemas',
    dependentSchemas: 'schemas',
    items: 'schema',
    prefixItems: 'list',
    unevaluatedItems: 'schema',
    unevaluatedProperties: 'schema',
    contentSchema: 'schema',
    dependencies: 'schemas or names',
  },
  ignores: ['additionalItems'],
  refStandsAlone: false,
  validates: true,
};

const draft07: Dialect = {
  name: 'draft-07',
  uri: 'http://json-schema.org/draft-07/schema',
  applicators: {
    ...shared,
    items: 'schema or list',
    additionalItems: 'schema',
    dependencies: 'schemas or names',
  },
  ignores: [
    '$dynamicRef',
    'dependentRequired',
    'dependentSchemas',
    'maxContains',
    'minContains',
    'prefixItems',
    'unevaluatedItems',
    'unevaluatedProperties',
  ],
  refStandsAlone: true,
  validates: true,
};

export const dialects: readonly Dialect[] = [draft2020, draft07];

/** The dialect that `$schema` names; `undefined` for one that is not known. */
export function dialectOf(uri: string): Dialect | undefined {
  const plain = uri.replace(/#$/, '');
  return dialects.find((dialect) => dialect.uri === plain);
}

function all(holds: Holds, keywords: readonly string[]): Readonly<Record<string, Holds>> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, holds]));
}
