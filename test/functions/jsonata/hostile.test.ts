import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostileCases } from './hostile/cases.ts';

interface Line {
  readonly name: string;
  readonly end: string;
  readonly isClean: boolean;
  readonly milliseconds: number;
}

describe('with a clock that stands still and 128 MB of heap', () => {
  const lines = new Map<string, Line>();

  beforeAll(async () => {
    const child = join(import.meta.dirname, 'hostile', 'child.ts');
    // Dies when the heap grows beyond the memory of a Workers isolate, or when it does not come to an end.
    const options = { timeout: 120_000, killSignal: 'SIGKILL' } as const;
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=128', child], options);
    for (const text of stdout.trim().split('\n')) {
      const line = JSON.parse(text) as Line;
      lines.set(line.name, line);
    }
  }, 150_000);

  it.each(hostileCases())('$name ends', ({ name }) => {
    const { end, isClean, milliseconds } = lines.get(name)!;
    expect(end).toMatch(/^(result of \d+|step_invalid|step_failed|fuel_exhausted)$/);
    expect(isClean).toBe(true);
    // Of the processor, not by the clock: other tests run beside this one.
    expect(milliseconds).toBeLessThan(1000);
  });
});
