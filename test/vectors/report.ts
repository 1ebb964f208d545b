import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/** Registers one case: `body` throws (or rejects) when the case fails. */
export type CheckCase = (name: string, body: () => void | Promise<void>) => void;

/**
 * One file of vectors as one test: runs every case, prints `file: N passed, M failed` with the failures below, and
 * fails when there are any. Where the file is absent it is skipped with one line.
 *
 *     describeVectors('cesql-tck.json', (vectors: { cases: Case[] }, check) => {
 *       for (const one of vectors.cases) check(one.name, () => expect(evaluate(one)).toEqual(one.result));
 *     });
 *
 * `vectors` is the parsed file: the caller names its shape; `text` is the file as it is. The folder is `TULLE_VECTORS`, or `../shared/vectors` seen
 * from the project's root.
 */
export function describeVectors(
  file: string,
  register: (vectors: never, check: CheckCase, text: string) => void,
  timeoutMs = 60_000,
): void {
  describe('vectors', () => {
    const path = join(vectorsFolder(), file);
    if (!existsSync(path)) {
      console.log(`${file}: skipped, not found (set TULLE_VECTORS to the folder of the vectors)`);
      it.skip(file);
      return;
    }
    it(
      file,
      async () => {
        const cases: Case[] = [];
        const text = readFileSync(path, 'utf8');
        register(JSON.parse(text) as never, (name, body) => cases.push({ name, body }), text);
        const failures = await run(cases);
        const lines = [`${file}: ${cases.length - failures.length} passed, ${failures.length} failed`, ...failures];
        console.log(lines.join('\n  '));
        if (cases.length === 0) throw new Error(`${file}: no case was registered`);
        if (failures.length > 0) throw new Error(`${file}: ${failures.length} of ${cases.length} cases failed`);
      },
      timeoutMs,
    );
  });
}

interface Case {
  name: string;
  body: () => void | Promise<void>;
}

async function run(cases: readonly Case[]): Promise<string[]> {
  const failures: string[] = [];
  for (const { name, body } of cases) {
    try {
      await body();
    } catch (error) {
      failures.push(`${name}: ${oneLine(error instanceof Error ? error.message : String(error))}`);
    }
  }
  return failures;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

function vectorsFolder(): string {
  return process.env.TULLE_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors');
}
