import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { CommandError, usageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { readManifest } from '../package-root.ts';
import { isInteractive } from '../terminal/interactive.ts';
import { type Platform, platforms, scaffold, toProjectName } from './scaffold.ts';

export const init = defineCommand({
  name: 'init',
  summary: 'Make a project that runs on this machine and deploys: configuration, a function, tests',
  details: 'On a terminal it asks for what is not given. Files that are there are never written over without --force.',
  online: false,
  words: ['[FOLDER]'],
  options: {
    platform: { type: 'string', value: platforms.join('|'), description: 'where it is to run' },
    name: { type: 'string', value: 'NAME', description: "what it is called (default the folder's name)" },
    force: { type: 'boolean', description: 'write over files that are there; .env stays as it is' },
    install: { type: 'boolean', description: 'run npm install' },
    tulle: {
      type: 'string',
      value: 'SPEC',
      description: 'install Tulle from here: a version, or the path of a package (default this version)',
    },
  },
  examples: ['tulle init', 'tulle init my-events --platform workers --install', 'tulle init . --platform node'],
  async run({ words: [given], values, output }) {
    const asked = await ask(given, values);
    if (asked.folder === '') throw usageError('The folder has no name.', 'Give . for the one that you are in.');
    const folder = resolve(asked.folder);
    const name = toProjectName(values.name ?? basename(folder));
    const { tulle = readManifest().version, force } = values;
    const { platform } = asked;
    const { written, kept } = await scaffold({ folder, name, platform, force, tulle });
    if (asked.install) await install(folder);
    output.document({ folder, name, platform, written, kept, installed: asked.install }, () =>
      [
        ...written.map((file) => `  + ${file}`),
        ...kept.map((file) => `  = ${file} stays as it was`),
        '',
        `${name} is in ${folder}. Go on with:`,
        '',
        ...[
          ...(folder === process.cwd() ? [] : [`cd ${asked.folder}`]),
          ...(asked.install ? [] : ['npm install']),
          'npm test',
          'npm run dev',
        ].map((line) => `  ${line}`),
        '',
        'README.md says what is where, and how it is deployed.',
      ].join('\n'),
    );
  },
});

interface Asked {
  readonly folder: string;
  readonly platform: Platform;
  readonly install: boolean;
}

async function ask(
  folder: string | undefined,
  { platform, install }: { readonly platform: string | undefined; readonly install: boolean },
): Promise<Asked> {
  if (platform !== undefined && !isPlatform(platform)) {
    throw usageError(`${platform} is no platform.`, `Give one of ${platforms.join(', ')}.`);
  }
  if (platform !== undefined && folder !== undefined) return { folder, platform, install };
  if (!isInteractive()) {
    throw usageError(
      `It is not known ${platform === undefined ? 'where the project is to run' : 'which folder is meant'}, and nobody can be asked.`,
      'Give both: tulle init my-events --platform workers',
    );
  }
  const { askForProject } = await import('./questions.ts');
  return askForProject({ folder, platform, install });
}

function isPlatform(text: string): text is Platform {
  return (platforms as readonly string[]).includes(text);
}

/** What npm says goes to the standard error: the standard output is ours. */
async function install(folder: string): Promise<void> {
  const npm = spawn('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
  const [code] = (await once(npm, 'close')) as [number | null];
  if (code !== 0) {
    throw new CommandError('The project is there, but its packages could not be installed.', {
      mend: `Look at what npm says above, and run npm install in ${folder}.`,
    });
  }
}
