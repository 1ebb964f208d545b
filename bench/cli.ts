import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminKey, startNode } from '../test/adapters/node/main.ts';

/**
 * What the command line takes: its start above that of a bare `node`, and the apply of a folder of 1,000 rules to an empty
 * tenant on Node, and again. `npm run bench:cli [-- --json]`.
 */
const runs = Number(process.env['RUNS'] ?? 15);
const rules = 1_000;
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'tulle-bench-cli-'));

writeFileSync(join(folder, 'empty.mjs'), '');
const bare: number[] = [];
const help: number[] = [];
for (let run = 0; run < runs; run++) {
  bare.push(timeOf(() => execFileSync(process.execPath, [join(folder, 'empty.mjs')])));
  help.push(timeOf(() => execFileSync(process.execPath, [join(root, 'cli/bin.js'), '--help'])));
}

mkdirSync(join(folder, 'rules'));
writeFileSync(join(folder, 'rules/bus.yaml'), 'kind: bus\nname: bench\n');
for (let index = 0; index < rules; index++) {
  const rule = {
    kind: 'rule',
    bus: 'bench',
    name: `rule-${index}`,
    filter: { pattern: { type: [`order.${index}`], data: { country: [{ 'anything-but': ['test'] }] } } },
    steps: [{ redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } }],
    targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hooks' } }],
  };
  writeFileSync(join(folder, `rules/${index}.json`), JSON.stringify(rule));
}
const node = await startNode({ TULLE_DATA: join(folder, 'data') });
try {
  const env = Object.assign({}, process.env, { TULLE_URL: node.url, TULLE_ADMIN_KEY: adminKey });
  const tulle = (...words: readonly string[]) =>
    spawnSync(process.execPath, [join(root, 'cli/bin.js'), ...words], { env, encoding: 'utf8' });
  const apply = (expected: RegExp): number =>
    timeOf(() => {
      const { status, stderr } = tulle('rules', 'apply', join(folder, 'rules'));
      if (status !== 0 || !expected.test(stderr)) throw new Error(`${status}: ${stderr}`);
    });
  const firstMs = apply(/^1,001 created: change 1$/m);
  const listed = JSON.parse(tulle('rules', 'list', '--bus', 'bench', '--json').stdout) as readonly unknown[];
  if (listed.length !== rules) throw new Error(`there are ${listed.length} rules`);
  const againMs = apply(/^no changes$/m);
  const [bareMs, helpMs] = [median(bare), median(help)];
  const leastAboveMs = Math.min(...help) - Math.min(...bare);
  const start = { bareMs, helpMs, aboveMs: helpMs - bareMs, leastAboveMs, wantedMs: 150 };
  const result = { runs, start, apply: { rules, firstMs, wantedFirstMs: 10_000, againMs, wantedAgainMs: 2_000 } };
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : result);
} finally {
  await node.stop('SIGTERM');
  rmSync(folder, { recursive: true });
}

function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return Math.round(performance.now() - start);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
