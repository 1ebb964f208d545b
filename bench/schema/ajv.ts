import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonSchema } from '../../functions/schema/schema.ts';
import type { Check } from './contenders.ts';

/**
 * Code that Ajv generates for one schema, as a build would: in a process of its own, because this one may not generate
 * any. It is the reference for speed; on Workers it cannot be had for a schema that comes at run time.
 */
export async function ajvStandalone(schema: JsonSchema): Promise<Check> {
  const folder = mkdtempSync(join(import.meta.dirname, 'generated-'));
  try {
    const program = `
      const Ajv = require('ajv/dist/2020').default;
      const ajv = new Ajv({ strict: false, code: { source: true } });
      process.stdout.write(require('ajv/dist/standalone').default(ajv, ajv.compile(${JSON.stringify(schema)})));`;
    const code = execFileSync(process.execPath, ['-e', program], { cwd: import.meta.dirname, encoding: 'utf8' });
    const path = join(folder, 'validate.cjs');
    writeFileSync(path, code);
    const { default: validate } = (await import(path)) as { default: Check | { default: Check } };
    return typeof validate === 'function' ? validate : validate.default;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
