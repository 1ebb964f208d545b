import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { CommandError } from '../command.ts';
import { makeFolder } from '../make-folder.ts';
import { type Manifest, packageRoot, readManifest } from '../package-root.ts';

export const platforms = ['workers', 'node', 'lambda'] as const;
export type Platform = (typeof platforms)[number];

export interface Scaffold {
  readonly folder: string;
  readonly name: string;
  readonly platform: Platform;
  /** What npm installs `tulle` from: a version, or the path of a package. */
  readonly tulle: string;
  /** Write over files that are there. */
  readonly force: boolean;
}

export interface Scaffolded {
  /** By their paths in the folder. */
  readonly written: readonly string[];
  /** Were there and stay as they are, whatever was asked. */
  readonly kept: readonly string[];
}

/**
 * Writes a project from the templates. The files that git has to leave out are known to git before there is anything
 * secret in the folder.
 * @throws CommandError with all files that are in the way; nothing is written then
 */
export async function scaffold({ folder, force, ...project }: Scaffold): Promise<Scaffolded> {
  const files = await readTemplate(project.platform, toValues(project, readManifest()));
  const ignored = files.get('.gitignore') ?? '';
  files.delete('.gitignore');
  const inTheWay = [...files.keys()].filter((file) => existsSync(join(folder, file)));
  if (inTheWay.length > 0 && !force) {
    throw new CommandError(`There are files in ${folder} that would be lost: ${inTheWay.join(', ')}.`, {
      mend: 'Choose an empty folder, or give --force to write over them.',
    });
  }
  const write = async (file: string, text: string, mode = 0o644): Promise<void> => {
    await makeFolder(dirname(join(folder, file)));
    await writeFile(join(folder, file), text, { mode });
  };
  await write('.gitignore', mergeLines(await readText(join(folder, '.gitignore')), ignored));
  for (const [file, text] of files) await write(file, text);
  const written = ['.gitignore', ...files.keys()];
  if (project.platform !== 'node') return { written, kept: [] };
  // Whoever loses these keys loses what is encrypted with them.
  if (existsSync(join(folder, '.env'))) return { written, kept: ['.env'] };
  await write('.env', newKeys(), 0o600);
  return { written: [...written, '.env'], kept: [] };
}

/** npm takes letters, digits and `-._` in a name, Workers no dots. */
export function toProjectName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 50);
  return name === '' ? 'events' : name;
}

function toValues({ name, tulle }: Pick<Scaffold, 'name' | 'tulle'>, { devDependencies }: Manifest) {
  return { ...devDependencies, name, tulle, 'compatibility-date': compatibilityDate };
}

/** What this version of Tulle is tested with. */
const compatibilityDate = '2026-11-01';

/** The files of a platform with those of all, by the paths that they get. */
async function readTemplate(
  platform: Platform,
  values: Readonly<Record<string, string>>,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const part of ['common', platform]) {
    const root = join(packageRoot, 'cli/init/template', part);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, 'utf8');
      // npm leaves files with these names out of packages.
      const name = relative(root, path).replace(/(^|\/)_(?=gitignore|dockerignore)/, '$1.');
      files.set(
        name,
        text.replaceAll(/\{\{([^}]+)\}\}/g, (_, key: string) => fill(values, key)),
      );
    }
  }
  if (platform === 'lambda') files.set('serverless.yml', await readServerless(values['name'] ?? ''));
  return new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Our own, which is tested: with the project's name, and the resources out of the package. */
async function readServerless(name: string): Promise<string> {
  const text = await readFile(join(packageRoot, 'serverless.yml'), 'utf8');
  return text
    .replace(/^#.*\n/, '# `npm run deploy`. README.md says what it needs before.\n')
    .replace(/^service: .*$/m, `service: ${name}`)
    .replaceAll('file(./adapters/aws/', 'file(./node_modules/tulle/adapters/aws/');
}

function fill(values: Readonly<Record<string, string>>, key: string): string {
  const value = values[key];
  if (value === undefined) throw new Error(`nothing is known for {{${key}}}`);
  return value;
}

function newKeys(): string {
  return [
    '# Made for this project alone. The first opens everything, the second is what secrets are encrypted with.',
    `TULLE_ADMIN_KEY=${randomBytes(24).toString('hex')}`,
    `TULLE_MASTER_KEY=${randomBytes(32).toString('base64')}`,
    '',
  ].join('\n');
}

/** What is there already, and what it lacks. */
function mergeLines(present: string, wanted: string): string {
  const lines = new Set(present.split('\n').map((line) => line.trim()));
  const missing = wanted.split('\n').filter((line) => line !== '' && !lines.has(line));
  if (present === '' || missing.length === 0) return present === '' ? wanted : present;
  return `${present.replace(/\n*$/, '\n')}\n${missing.join('\n')}\n`;
}

async function readText(path: string): Promise<string> {
  return existsSync(path) ? readFile(path, 'utf8') : '';
}
