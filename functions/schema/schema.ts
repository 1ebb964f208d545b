import { compileLibrary } from './compile.ts';
import { type Fault, toFault, type Wording } from './fault.ts';
import { type JsonSchema, readLibrary } from './resource.ts';
import { isFitting, isOutOfBounds, newRun, type RawFault } from './run.ts';

export type { Fault, JsonSchema };

export interface CompiledSchema {
  /** Every fault of a JSON value, up to 50; none for one that fits. Never throws. */
  validate(value: unknown): readonly Fault[];
  /** Whether a JSON value fits. */
  check(value: unknown): boolean;
}

export interface CompileOptions {
  /** Other schemas that references may lead to, by absolute URI. Nothing is ever fetched. */
  readonly documents?: ReadonlyMap<string, JsonSchema>;
  /** Values have to be in the `format` of their schema, where it is a known one; otherwise it is an annotation. */
  readonly assertFormats?: boolean;
  /** Keywords that only the other dialect knows are refused: in a registry they are slips. */
  readonly strict?: boolean;
  /** How faults speak of the value; "The data" where nothing is said. */
  readonly wording?: Wording;
}

/**
 * Compiles a JSON Schema (2020-12, or draft-07 where `$schema` says so) into closures; no code is generated. `format`
 * and the `content…` keywords are annotations. `pattern` runs in linear time, and no value costs more than its share.
 * @throws TulleError `schema_invalid` with the place in the schema: what would never work is refused here
 */
export function compileSchema(schema: JsonSchema, options: CompileOptions = {}): CompiledSchema {
  const { documents = noDocuments, wording = { subject: 'The data' }, assertFormats = false, strict = false } = options;
  const check = compileLibrary(readLibrary(schema, documents), { assertFormats, strict });
  return {
    check: (value) => isFitting(check, value),
    validate(value) {
      if (check === undefined || isFitting(check, value)) return noFaults;
      const faults: RawFault[] = [];
      try {
        check(value, newRun(faults));
      } catch (error) {
        if (!isOutOfBounds(error)) throw error;
      }
      return faults.length === 0 ? [tooCostly] : faults.map((fault) => toFault(fault, wording));
    },
  };
}

const noDocuments: ReadonlyMap<string, JsonSchema> = new Map();
const noFaults: readonly Fault[] = [];
const tooCostly: Fault = {
  place: '',
  keyword: '',
  detail: 'The value takes more steps to check than it may.',
  mend: 'Send less in one event, or make the schema simpler.',
};
