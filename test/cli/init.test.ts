import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run } from './run.ts';
import { temporaryFolder } from './tulle.ts';

describe('tulle init', { timeout: 20_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const init = (name: string, ...words: readonly string[]) => run({}, ['init', join(folder, name), ...words]);
  const read = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');

  it.each(['workers', 'lambda', 'node'])('makes a project for %s with exact versions', async (platform) => {
    const { code, stdout } = await init(`My Events ${platform}`, '--platform', platform, '--json');
    expect(code).toBe(0);
    const made = JSON.parse(stdout) as { name: string; written: readonly string[] };
    expect(made.name).toBe(`my-events-${platform}`);
    for (const file of made.written) expect(existsSync(join(folder, `My Events ${platform}`, file))).toBe(true);
    const { dependencies, devDependencies } = JSON.parse(await read(`My Events ${platform}/package.json`)) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    for (const version of Object.values({ ...dependencies, ...devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
    for (const file of made.written)
      expect(await read(`My Events ${platform}/${file}`)).not.toMatch(/\{\{(?!resolve:)/);
  });

  it('writes nothing where a file would be lost, and says which', async () => {
    await mkdir(join(folder, 'there'));
    await writeFile(join(folder, 'there/README.md'), 'mine');
    const { code, stderr } = await init('there', '--platform', 'node');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/README\.md\.\n.*--force/)]);
    expect(existsSync(join(folder, 'there/package.json'))).toBe(false);
    expect(await read('there/README.md')).toBe('mine');
  });

  it('keeps keys and ignored files of before with --force', async () => {
    await writeFile(join(folder, 'there/.gitignore'), 'mine/\nnode_modules/\n');
    await writeFile(join(folder, 'there/.env'), 'TULLE_ADMIN_KEY=mine\n');
    const { code, stdout } = await init('there', '--platform', 'node', '--force', '--json');
    expect([code, (JSON.parse(stdout) as { kept: unknown }).kept]).toEqual([0, ['.env']]);
    expect(await read('there/.env')).toBe('TULLE_ADMIN_KEY=mine\n');
    const ignored = await read('there/.gitignore');
    expect(ignored).toMatch(/^mine\/\nnode_modules\/\n/);
    expect(ignored.match(/node_modules/g)).toHaveLength(1);
    expect(ignored).toContain('\n.env\n');
  });

  it('makes keys that only their owner can read, that git leaves out, and that stand nowhere else', async () => {
    const { stdout } = await init('keys', '--platform', 'node');
    const keys = await read('keys/.env');
    expect((await stat(join(folder, 'keys/.env'))).mode & 0o777).toBe(0o600);
    const values = [...keys.matchAll(/^\w+=(.+)$/gm)].map(([, value = '']) => value);
    expect(values).toHaveLength(2);
    for (const value of values) expect(stdout).not.toContain(value);
    const git = (...words: readonly string[]): string =>
      execFileSync('git', ['-c', 'init.defaultBranch=main', ...words], { cwd: join(folder, 'keys'), encoding: 'utf8' });
    git('init', '--quiet');
    git('add', '--all');
    const listed = git('ls-files');
    expect(listed).toContain('package.json');
    expect(listed).not.toMatch(/^\.env$/m);
    for (const value of values) expect(git('diff', '--cached')).not.toContain(value);
  });

  it('writes YAML without faults', async () => {
    for (const file of ['keys/compose.yaml', 'keys/rules/bus.yaml', 'keys/rules/paid-orders.yaml']) {
      for (const { errors } of parseAllDocuments(await read(file))) expect(errors).toEqual([]);
    }
  });

  it('says what is wrong with a place where no project can be', async () => {
    await writeFile(join(folder, 'file'), 'mine');
    for (const [place, said] of [
      ['file', 'is there already, and is no folder'],
      ['file/inside', 'is there already, and is no folder'],
      ['x'.repeat(300), 'is too long for a name'],
      ['../../../../../../../../proc', 'is not there, and cannot be made'],
      ['../../../../../../../../proc/inside', 'is not there, and cannot be made'],
    ] as const) {
      const { code, stderr } = await init(place, '--platform', 'node');
      expect([code, stderr], place).toEqual([1, expect.stringMatching(new RegExp(`${said}\\.\\nChoose `))]);
    }
    expect(await run({}, ['init', '', '--platform', 'node'])).toMatchObject({ code: 2 });
  });

  it('asks nobody where nobody can be asked', async () => {
    const unasked = await init('unasked');
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--platform')]);
    expect(await init('unasked', '--platform', 'mainframe')).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'unasked'))).toBe(false);
  });
});

describe('tulle functions new', { timeout: 20_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(await temporaryFolder(), 'functions');
  });
  const create = (...words: readonly string[]) => run({}, ['functions', 'new', ...words, '--folder', folder]);

  it('makes the file and its test, and says what to do where there is no list', async () => {
    const { code, stderr } = await create('mask-email');
    expect([code, stderr]).toEqual([0, expect.stringContaining('Put maskEmail of')]);
    expect(await readFile(join(folder, 'mask-email.test.ts'), 'utf8')).toContain("from './mask-email.ts'");
  });

  it('puts it into the list, once', async () => {
    await writeFile(
      join(folder, 'registered.ts'),
      "import type { BundledFunction } from 'tulle';\n\nexport const functions: readonly BundledFunction[] = [];\n",
    );
    await create('mask-email', '--force');
    await create('mask-email', '--force');
    await create('delete');
    expect(await readFile(join(folder, 'registered.ts'), 'utf8')).toBe(
      "import type { BundledFunction } from 'tulle';\nimport { maskEmail } from './mask-email.ts';\nimport { deleteFunction } from './delete.ts';\n\nexport const functions: readonly BundledFunction[] = [maskEmail, deleteFunction];\n",
    );
  });

  it('writes over nothing, and takes no name that could not be called', async () => {
    expect(await create('mask-email')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') as string });
    expect(await create('../evil')).toMatchObject({ code: 2 });
    expect(await create('Mask')).toMatchObject({ code: 2 });
  });
});
