import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileSchema, type JsonSchema } from '../../functions/schema/schema.ts';

/**
 * The required tests of the official JSON Schema test suite, both drafts. No package of the npm registry has it: the
 * folder is `TULLE_JSON_SCHEMA_SUITE`, or `json-schema-test-suite` among the vectors; a checkout of
 * json-schema-org/JSON-Schema-Test-Suite as it is.
 */
const folder =
  process.env['TULLE_JSON_SCHEMA_SUITE'] ??
  join(process.env['TULLE_VECTORS'] ?? join(import.meta.dirname, '../../../shared/vectors'), 'json-schema-test-suite');

const drafts = {
  'draft2020-12': 'https://json-schema.org/draft/2020-12/schema',
  draft7: 'http://json-schema.org/draft-07/schema#',
};

/** The suite's tests that are not passed, each with its reason: there is none. */
const exceptions: ReadonlyMap<string, string> = new Map();

interface Group {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[];
}

describe('the official JSON Schema test suite', () => {
  if (!existsSync(join(folder, 'tests'))) {
    console.log('json-schema-test-suite: skipped, not found (set TULLE_JSON_SCHEMA_SUITE to a checkout of it)');
    it.skip('json-schema-test-suite');
    return;
  }

  it.each(Object.entries(drafts))('passes every required test of %s', (draft, dialect) => {
    const documents = new Map([...metaSchemas(), ...remotes(draft)]);
    const failures: string[] = [];
    let passed = 0;
    for (const file of readdirSync(join(folder, 'tests', draft)).filter((name) => name.endsWith('.json'))) {
      for (const { description, schema, tests } of read(join(folder, 'tests', draft, file)) as Group[]) {
        // The suite's draft-07 schemas do not say so themselves.
        const named = typeof schema === 'object' ? { $schema: dialect, ...schema } : schema;
        const compiled = compileSchema(named, { documents });
        for (const test of tests) {
          const name = `${file}: ${description}: ${test.description}`;
          const answers = [compiled.check(test.data), compiled.validate(test.data).length === 0];
          if (answers.every((answer) => answer === test.valid)) passed += 1;
          else if (!exceptions.has(name)) failures.push(name);
        }
      }
    }
    console.log(`json-schema-test-suite ${draft}: ${passed} passed, ${failures.length} failed`);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(900);
  });
});

/** What the suite serves at its own address. Folders of other drafts are left out. */
function remotes(draft: string): [string, JsonSchema][] {
  const root = join(folder, 'remotes');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json') && (!/^(?:draft|v1)/.test(path) || path.startsWith(`${draft}/`)))
    .map((path) => [`http://localhost:1234/${path}`, read(join(root, path)) as JsonSchema]);
}

/** Some tests refer to the drafts' own schemas. */
function metaSchemas(): [string, JsonSchema][] {
  const refs = join(import.meta.dirname, '../../node_modules/ajv/dist/refs');
  const paths = readdirSync(join(refs, 'json-schema-2020-12/meta')).map((name) => `json-schema-2020-12/meta/${name}`);
  return [...paths, 'json-schema-2020-12/schema.json', 'json-schema-draft-07.json'].map((path) => {
    const schema = read(join(refs, path)) as JsonSchema & { $id: string };
    return [schema.$id, schema];
  });
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
