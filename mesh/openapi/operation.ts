/** What is told of a route in `openapi.json`, beside what its entry in the table says. None of this is in a bundle. */
export interface Operation {
  /** One line, as a title. */
  readonly summary: string;
  readonly description?: string;
  /** Parameters of the query, all of them optional. */
  readonly query?: Readonly<Record<string, Schema>>;
  /** Headers, all of them optional. */
  readonly headers?: Readonly<Record<string, Schema>>;
  /** By media type. */
  readonly body?: Readonly<Record<string, Schema>>;
  /** The body may be left out. */
  readonly bodyOptional?: true;
  /** By status; what goes wrong is a problem document at every route. */
  readonly answers: Readonly<Record<number, Answer>>;
}

export interface Answer {
  readonly description: string;
  /** By media type; absent where there is no body. */
  readonly content?: Readonly<Record<string, Schema>>;
  /** It has an `ETag`, for `If-Match`. */
  readonly etag?: true;
}

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** By `METHOD path`. */
export type Operations = Readonly<Record<string, Operation>>;

/** An object with these members and no others; a name that ends in `?` may be missing. */
export function shape(members: Readonly<Record<string, Schema>>, description?: string): Schema {
  const names = Object.keys(members);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties: Object.fromEntries(Object.entries(members).map(([name, schema]) => [name.replace('?', ''), schema])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

export function json(schema: Schema): Readonly<Record<string, Schema>> {
  return { 'application/json': schema };
}

export const text: Schema = { type: 'string' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const flag: Schema = { type: 'boolean' };
/** Anything. */
export const anything: Schema = {};
export const milliseconds: Schema = { type: 'integer', minimum: 0, description: 'milliseconds since 1970' };
export const timestamp: Schema = { type: 'string', format: 'date-time' };
