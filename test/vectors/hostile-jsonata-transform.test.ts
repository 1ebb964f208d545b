import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { describeVectors } from './report.ts';

const run = promisify(execFile);
const child = join(import.meta.dirname, 'hostile-jsonata-child.ts');

describeVectors(
  'hostile-jsonata.json',
  ({ cases }: { cases: { name: string; expr: string }[] }, check) => {
    for (const { name, expr } of cases) {
      check(name, async () => {
        // Dies when the heap grows beyond the memory of a Workers isolate, or when it does not come to an end.
        const options = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
        const { stdout } = await run(process.execPath, ['--max-old-space-size=128', child, expr], options);
        const { end, polluted, cpuMs } = JSON.parse(stdout) as { end: string; polluted: boolean; cpuMs: number };
        expect(end).toMatch(/^(result \d+|step_invalid|step_failed|fuel_exhausted)$/);
        expect(polluted).toBe(false);
        // Of the processor, not by the clock: other tests run beside this one.
        expect(cpuMs).toBeLessThan(1000);
      });
    }
  },
  120_000,
);
