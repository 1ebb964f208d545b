import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { sources } from '../../adapters/node/sources.ts';
import { sinks } from '../../adapters/sinks.ts';
import { createOpenApi } from '../../admin/openapi/document.ts';

/** What the tests read of an OpenAPI document. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export type JsonSchema = Readonly<Record<string, unknown>>;

export function readOpenApi(): OpenApi {
  return JSON.parse(JSON.stringify(createOpenApi({ sinks, sources }, '0.0.0'))) as OpenApi;
}

export interface Validator {
  /** What is wrong with a value; empty where it fits. */
  faultsOf(schema: JsonSchema, value: unknown): string;
  /** What is wrong with an answer: its status, its media type or its body. Reads the body. */
  review(operation: DescribedOperation, answer: Response): Promise<string>;
}

/** Checks by a validator that is not ours. */
export function createValidator({ components }: OpenApi = readOpenApi()): Validator {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'api', components });
  const compiled = new Map<string, ValidateFunction>();

  function faultsOf(schema: JsonSchema, value: unknown): string {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/');
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text) as JsonSchema);
    compiled.set(text, validate);
    return validate(value) ? '' : ajv.errorsText(validate.errors);
  }

  return {
    faultsOf,
    async review({ responses }, answer) {
      const { status } = answer;
      const text = await answer.text();
      if (status >= 500) return `${status} ${text}`;
      const expected = responses[status] ?? (status >= 400 ? responses['default'] : undefined);
      if (expected === undefined) return `${status} is not told of`;
      if (expected.content === undefined) return text === '' ? '' : `${status} has a body`;
      const [mediaType = ''] = (answer.headers.get('content-type') ?? '').split(';');
      const content = expected.content[mediaType] ?? expected.content['*/*'];
      if (content === undefined) return `${status} with ${mediaType || 'no media type'} is not told of`;
      if (!mediaType.endsWith('json')) return '';
      const faults = faultsOf(content.schema, JSON.parse(text));
      return faults === '' ? '' : `${status} ${faults} ${text.slice(0, 500)}`;
    },
  };
}
