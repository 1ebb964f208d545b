import type { Fault } from './fault.ts';
import { type CompiledSchema, compileSchema, type JsonSchema } from './schema.ts';

/**
 * Every fault of options, or of a resource, under one of Tulle's own schemas (2020-12), with what mends it; none when
 * they fit. `description` in such a schema is a noun phrase that completes "Give …".
 */
export function checkOptions(schema: object, value: unknown): readonly Fault[] {
  let compiled = compiledSchemas.get(schema);
  if (compiled === undefined) {
    compiled = compileSchema(schema as JsonSchema, {
      assertFormats: true,
      wording: { subject: 'The document', describes: true },
    });
    compiledSchemas.set(schema, compiled);
  }
  return compiled.validate(value);
}

/** Cache: our own schemas are few and live as long as the isolate. */
const compiledSchemas = new WeakMap<object, CompiledSchema>();
