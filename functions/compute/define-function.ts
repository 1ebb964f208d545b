import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/**
 * User code that takes one CloudEvent and answers one, several, or none (`null` drops it). It keeps nothing between two
 * calls. It may be called again for an event that it has seen: delivery is at least once.
 */
export interface BundledFunction {
  /** What a step and an address call it by: up to 63 lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly description?: string;
  /** JSON Schema (2020-12) of the event's data. An event that does not fit fails the step; the handler is not called. */
  readonly schema?: object;
  handler(event: FunctionEvent, context: FunctionContext): FunctionResult | Promise<FunctionResult>;
}

/**
 * Declares a function. With a schema `event.data` has the type that the schema describes; write the schema `as const`
 * where it is not written in place.
 * @throws TypeError for a name that no step could call
 */
export function defineFunction<const Schema extends object>(definition: {
  readonly name: string;
  readonly description?: string;
  readonly schema: Schema;
  handler(event: FunctionEvent<DataOf<Schema>>, context: FunctionContext): FunctionResult | Promise<FunctionResult>;
}): BundledFunction;
export function defineFunction(definition: BundledFunction): BundledFunction;
export function defineFunction(definition: BundledFunction): BundledFunction {
  if (!functionName.test(definition.name)) {
    throw new TypeError(`${JSON.stringify(definition.name)} is no name of a function: use a-z, 0-9 and hyphens`);
  }
  return definition;
}

/** The type of what fits a schema. */
export type DataOf<Schema> = Schema extends JSONSchema ? FromSchema<Schema> : unknown;

export const functionName: RegExp = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A CloudEvent as an object, as the CloudEvents JSON format writes it. It is the function's own: change it at will. */
export interface FunctionEvent<Data = unknown> {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  subject?: string;
  time?: string;
  datacontenttype?: string;
  dataschema?: string;
  data: Data;
  /** Instead of `data`, where the payload is binary. */
  data_base64?: string;
  [extension: string]: unknown;
}

/**
 * What a handler answers: plain objects, or instances of the `cloudevents` package's `CloudEvent`. What is missing of
 * `specversion`, `id`, `source` and `type` comes from the input; of several events without an `id` each gets its number
 * behind the input's (`e1-1`, `e1-2`). A `Uint8Array` as `data` goes out as binary.
 */
export type FunctionResult = FunctionOutput | readonly FunctionOutput[] | null;

export interface FunctionOutput {
  readonly specversion?: string | undefined;
  readonly id?: string | undefined;
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly data?: unknown;
  readonly [attribute: string]: unknown;
}

export interface FunctionContext {
  /** Lines for the platform's log, with the function's name and the event's id; the event itself is never in it. */
  readonly log: Readonly<Record<LogLevel, (message: string, fields?: Readonly<Record<string, unknown>>) => void>>;
  readonly secrets: {
    /** A secret that the function's document grants. Rejects for any other name, and while it is not stored. */
    get(name: string): Promise<string>;
  };
  /**
   * `fetch` to the public internet: private addresses are refused, also behind a redirect; the answer's body breaks off
   * at the size limit, everything at the deadline. A network failure that the handler does not catch is tried again.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Publishes an event to a bus of the tenant, by default the one that the input is on, as soon as the handler is done:
   * a handler that fails has published nothing. Throws for what is no valid event, and where events would go in
   * circles. A bus that is not there, or whose schemas refuse the event, fails the call.
   */
  readonly emit: (event: FunctionOutput, options?: { readonly bus?: string }) => void;
  /** Aborted at the deadline. Code that computes without a pause cannot be stopped by it. */
  readonly signal: AbortSignal;
  /** When the event was accepted, in milliseconds since the epoch: the same at every attempt. */
  readonly now: number;
  /** Uniform in [0, 1); the same sequence at every attempt where it runs as a step. */
  readonly random: () => number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
