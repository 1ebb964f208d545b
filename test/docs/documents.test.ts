import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startTulle, temporaryFolder, type Tulle } from '../cli/tulle.ts';
import { checkCommands, reasonNotToRun } from './commands.ts';
import { documents, readBlocks, readLinks, root } from './markdown.ts';
import { writeTypeScript } from './typescript.ts';

const run = promisify(execFile);

/**
 * What documents show is true. The convention:
 *
 * - `sh` blocks run in bash, in the order of the document, against one `tulle dev`. `http://localhost:8787` and
 *   `.tulle/` stand for that server; `TULLE_URL` and `TULLE_ADMIN_KEY` are set. An HTTP error fails the block.
 *   Commands that cannot run in a test are named in commands.ts with the reason, and checked as far as possible.
 * - `sh node` blocks run against the Node platform instead: node.test.ts; `sh aws` blocks against the packaged functions
 *   of AWS: test/aws/docs.test.ts.
 * - `json answer` after such a block is part of what it prints; deliveries take a moment, so it may be run again.
 * - Every other `json` block parses.
 * - `ts` blocks type-check. A first line `// connectors/sinks/name.ts` says where the file would be.
 */
describe('documents', () => {
  let folder: string;
  let tulle: Tulle;
  beforeAll(async () => {
    folder = await temporaryFolder();
    tulle = await startTulle(folder, await freePort());
  }, 60_000);
  afterAll(async () => {
    await tulle.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function runShell(text: string): Promise<string> {
    const script = text.replaceAll('http://localhost:8787', tulle.url).replaceAll('.tulle/', `${folder}/`);
    const quietCurl = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }';
    const env = { ...process.env, TULLE_URL: tulle.url, TULLE_ADMIN_KEY: tulle.key };
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', `${quietCurl}\n${script}`], { env, cwd: root });
    return stdout;
  }

  describe.each(documents)('%s', (path) => {
    const blocks = readBlocks(path);

    it('has only blocks that are checked', () => {
      for (const { language } of blocks) expect(['sh', 'json', 'sql', 'ts', 'text', 'toml']).toContain(language);
    });

    it('has no link that leads nowhere', () => {
      for (const link of readLinks(path)) {
        expect(existsSync(join(root, dirname(path), link)), `${path} links to ${link}`).toBe(true);
      }
    });

    for (const [index, block] of blocks.entries()) {
      const name = `line ${block.line}`;
      if (block.language === 'json' && block.note !== 'answer') {
        it(`${name}: is JSON`, () => expect(() => JSON.parse(block.text) as unknown).not.toThrow());
      }
      if (block.language !== 'sh' || ['node', 'postgres', 'aws'].includes(block.note)) continue;
      const reason = reasonNotToRun(block.text);
      if (reason !== undefined) {
        it(`${name}: names commands that exist (not run: ${reason})`, () => checkCommands(block.text), 60_000);
        continue;
      }
      it(`${name}: runs as it stands`, async () => {
        const answer = blocks[index + 1];
        if (answer?.language !== 'json' || answer.note !== 'answer') return void (await runShell(block.text));
        const expected = JSON.parse(answer.text) as object;
        const deadline = Date.now() + 10_000;
        for (;;) {
          const printed = JSON.parse(await runShell(block.text)) as object;
          try {
            return expect(printed).toEqual(toPattern(expected));
          } catch (error) {
            if (Date.now() > deadline) throw error;
          }
        }
      }, 30_000);
    }
  });

  it('has TypeScript that type-checks', async () => {
    // Inside the project, so that packages are found.
    await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
    const scratch = await mkdtemp(join(root, 'node_modules/.cache/tulle-docs-'));
    try {
      const files: string[] = [];
      for (const path of documents) {
        const folder = join(scratch, path.replaceAll('/', '-'));
        files.push(...(await writeTypeScript(path, folder)));
      }
      expect(files.length).toBeGreaterThan(0);
      await writeFile(
        join(scratch, 'tsconfig.json'),
        JSON.stringify({
          extends: join(root, 'tsconfig.json'),
          include: [],
          files: [...files, join(root, 'adapters/cloudflare/environment.d.ts')],
        }),
      );
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      await run(process.execPath, [tsc, '--project', scratch]).catch((error: { stdout: string }) => {
        throw new Error(error.stdout);
      });
    } finally {
      await rm(scratch, { recursive: true });
    }
  }, 60_000);
});

/** A document shows what it is about: the examples of others may have made more beside it. */
function toPattern(shown: unknown): unknown {
  if (Array.isArray(shown)) return expect.arrayContaining(shown.map(toPattern));
  if (typeof shown !== 'object' || shown === null) return shown;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, toPattern(value)])),
  );
}
