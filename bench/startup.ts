import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * CPU time that the Worker needs before its first request, as `wrangler check startup` profiles it. Every isolate pays
 * it once. Runs are few and machines noisy: the least of them says most.
 */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const runs = Number(process.env['RUNS'] ?? 5);
const folder = mkdtempSync(join(tmpdir(), 'tulle-startup-'));
const milliseconds: number[] = [];
try {
  for (let run = 0; run < runs; run++) {
    const outfile = join(folder, 'startup.cpuprofile');
    execFileSync('npx', ['wrangler', 'check', 'startup', '--outfile', outfile], {
      stdio: 'ignore',
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false', CI: '1' },
    });
    milliseconds.push(activeMs(JSON.parse(readFileSync(outfile, 'utf8')) as Profile));
  }
} finally {
  rmSync(folder, { recursive: true });
}
const sorted = milliseconds.toSorted((one, other) => one - other);
const result = { runs, leastMs: sorted[0], medianMs: sorted[Math.floor(runs / 2)] };
console.log(process.argv.includes('--json') ? JSON.stringify(result) : result);

function activeMs({ nodes, samples, timeDeltas }: Profile): number {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id));
  const active = samples.reduce((sum, id, index) => sum + (idle.has(id) ? 0 : (timeDeltas[index] ?? 0)), 0);
  return Math.round(active / 100) / 10;
}
