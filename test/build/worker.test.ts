import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'tulle-build-'));
const quiet = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false', CI: '1' };

function wrangler(...parameters: string[]): string {
  return execFileSync('npx', ['wrangler', ...parameters], { encoding: 'utf8', env: quiet });
}

describe('the Worker as it is deployed', () => {
  let output = '';

  beforeAll(() => {
    output = wrangler('deploy', '--dry-run', '--outdir', folder);
  }, 60_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('builds from the root, with every binding it needs', () => {
    for (const binding of ['LOG', 'SNAPSHOTS', 'DOCUMENTS', 'QUEUE', 'BODIES', 'TULLE_ALLOW_PRIVATE_TARGETS']) {
      expect(output).toContain(`env.${binding}`);
    }
  });

  it('takes at most 280 kB, compressed', () => {
    const bytes = gzipSync(readFileSync(join(folder, 'worker.js')), { level: 9 }).length;
    console.log(`Worker: ${bytes} bytes, minified and compressed`);
    expect(bytes).toBeLessThanOrEqual(280_000);
  });

  it('has types for the bindings that are declared, and no others', () => {
    const types = join(folder, 'environment.d.ts');
    wrangler('types', '--include-runtime=false', types);
    const body = (text: string): string =>
      text.slice(text.indexOf('interface')).replaceAll(/import\("[^"]*"\)/g, 'import');
    const committed = readFileSync('adapters/cloudflare/environment.d.ts', 'utf8');
    expect(body(committed)).toBe(body(readFileSync(types, 'utf8')));
  }, 60_000);
});
