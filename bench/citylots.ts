import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Five rules and how many of all lines each matches. */
export interface Bank {
  readonly name: string;
  readonly rules: readonly unknown[];
  readonly matches: number[];
}

/** The folder of the generator and the rules; `undefined` where there is none. */
function dataFolder(): string | undefined {
  const folder = process.env.TULLE_BENCH_DATA ?? join(import.meta.dirname, '../../shared/bench');
  return existsSync(join(folder, 'gen_citylots2.mjs')) ? folder : undefined;
}

export function readBanks(): Bank[] | undefined {
  const folder = dataFolder();
  if (folder === undefined) return undefined;
  return JSON.parse(readFileSync(join(folder, 'citylots2-rules.json'), 'utf8')) as Bank[];
}

/** The lines, or the first `count`, each a string of its own as a request's text would be. */
export function cityLots(count = Infinity): string[] | undefined {
  const folder = dataFolder();
  if (folder === undefined) return undefined;
  const target = join(tmpdir(), 'tulle-bench');
  const file = join(target, 'citylots2.jsonl');
  if (!existsSync(file)) {
    mkdirSync(target, { recursive: true });
    const { status } = spawnSync(process.execPath, [join(folder, 'gen_citylots2.mjs'), file], { stdio: 'ignore' });
    if (status !== 0) throw new Error('The benchmark data could not be generated');
  }
  const bytes = readFileSync(file);
  const lines: string[] = [];
  for (let start = 0; start < bytes.length && lines.length < count;) {
    const end = bytes.indexOf(0x0a, start);
    lines.push(bytes.toString('latin1', start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}
