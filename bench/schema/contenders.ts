import { registerSchema, validate } from '@hyperjump/json-schema/draft-2020-12';
import '@hyperjump/json-schema/draft-07';
import { Validator } from '@cfworker/json-schema';
import { compileSchema as compileLibrary, draft07, draft2020 } from 'json-schema-library';
import { Compile } from 'typebox/schema';
import { compileSchema, type JsonSchema } from '../../functions/schema/schema.ts';

/** A validator that needs no code generation. */
export interface Validators {
  readonly name: string;
  /** What a bundle imports, for its size; `undefined` where it cannot be bundled for Workers as it is. */
  readonly imports: string;
  compile(schema: JsonSchema, options?: CompileOptions): Check | Promise<Check>;
}

export type Check = (value: unknown) => boolean;

export interface CompileOptions {
  readonly draft: 'draft2020-12' | 'draft7';
  readonly documents: ReadonlyMap<string, JsonSchema>;
}

const dialects = {
  'draft2020-12': 'https://json-schema.org/draft/2020-12/schema',
  draft7: 'http://json-schema.org/draft-07/schema#',
} as const;

const none: CompileOptions = { draft: 'draft2020-12', documents: new Map() };
let hyperjumpCount = 0;
const hyperjumpDocuments = new Set<string>();

export const contenders: readonly Validators[] = [
  {
    name: 'tulle',
    imports: `export { compileSchema } from './functions/schema/schema.ts'`,
    compile(schema, { draft, documents } = none) {
      const named = typeof schema === 'object' ? { $schema: dialects[draft], ...schema } : schema;
      const compiled = compileSchema(named, { documents });
      return (value) => compiled.check(value);
    },
  },
  {
    name: '@hyperjump/json-schema',
    imports: `export * from '@hyperjump/json-schema/draft-2020-12'; import '@hyperjump/json-schema/draft-07'`,
    async compile(schema, { draft, documents } = none) {
      for (const [uri, document] of documents) {
        if (hyperjumpDocuments.has(draft + uri) || uri.startsWith(dialects[draft].slice(0, 24))) continue;
        hyperjumpDocuments.add(draft + uri);
        attempt(() => registerSchema(document as never, uri, dialects[draft]));
      }
      const uri = `https://bench.example/${(hyperjumpCount += 1)}`;
      registerSchema(schema as never, uri, dialects[draft]);
      const check = await validate(uri);
      return (value) => check(value as never).valid;
    },
  },
  {
    name: '@cfworker/json-schema',
    imports: `export { Validator } from '@cfworker/json-schema'`,
    compile(schema, { draft, documents } = none) {
      const validator = new Validator(schema as object, draft === 'draft7' ? '7' : '2020-12');
      for (const [uri, document] of documents) attempt(() => validator.addSchema(document as object, uri));
      return (value) => validator.validate(value).valid;
    },
  },
  {
    name: 'typebox',
    imports: `export { Compile } from 'typebox/schema'`,
    compile(schema, { documents } = none) {
      const validator = Compile(Object.fromEntries(documents) as never, schema as never);
      return (value) => validator.Check(value);
    },
  },
  {
    name: 'json-schema-library',
    imports: `export { compileSchema, draft07, draft2020 } from 'json-schema-library'`,
    compile(schema, { draft, documents } = none) {
      const drafts = [draft === 'draft7' ? draft07 : draft2020];
      const remote = compileLibrary({ $id: 'bench:remote' }, { drafts });
      for (const [uri, document] of documents) attempt(() => remote.addRemoteSchema(uri, document as never));
      const node = compileLibrary(schema as never, { drafts, remote });
      return (value) => node.validate(value).valid;
    },
  },
];

/** Some refuse a document that they know already, or cannot read; then its tests fail. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // The tests that need it count as failed.
  }
}
