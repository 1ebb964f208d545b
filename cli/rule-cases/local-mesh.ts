import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Client, createClient } from '../../client/client.ts';
import { CommandError } from '../command.ts';
import { packageRoot } from '../package-root.ts';

/** A mesh of its own, on this machine alone and gone afterwards. */
export interface LocalMesh {
  readonly client: Client;
  close(): Promise<void>;
}

/** Starts the Node platform in a folder of its own. Nobody else has its keys. */
export async function startLocalMesh(): Promise<LocalMesh> {
  const folder = await mkdtemp(join(tmpdir(), 'tulle-'));
  const key = randomBytes(24).toString('hex');
  const main = join(folder, 'main.mjs');
  await writeFile(main, toMain());
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // Nothing of the environment leads it to another database.
      PATH: process.env['PATH'],
      PORT: '0',
      TULLE_ADMIN_KEY: key,
      TULLE_ALLOW_PRIVATE_TARGETS: 'true',
      TULLE_DATA: join(folder, 'data'),
      TULLE_MASTER_KEY: randomBytes(32).toString('base64'),
      TULLE_SHUTDOWN_SECONDS: '1',
    } as unknown as NodeJS.ProcessEnv,
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const exited = once(child, 'exit');

  async function close(): Promise<void> {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  const url = await new Promise<string | undefined>((resolve) => {
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const [found] = /http:\/\/\S+/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    void exited.then(() => resolve(undefined));
  });
  if (url !== undefined) return { client: createClient({ url, key }), close };
  await close();
  throw new CommandError(`The mesh for the tests did not start.\n${said}`);
}

/** The Node platform with the functions of the project that one stands in, or else of Tulle's own checkout. */
function toMain(): string {
  const platform = join(import.meta.dirname, `../../exports/node${extname(import.meta.filename)}`);
  const registered = ['.', packageRoot]
    .map((folder) => resolve(folder, 'functions/registered.ts'))
    .find((file) => existsSync(file));
  const imports = [`import { run } from ${toSpecifier(platform)};`];
  if (registered !== undefined) imports.push(`import { functions } from ${toSpecifier(registered)};`);
  return [...imports, `await run({ functions${registered === undefined ? ': []' : ''} });`, ''].join('\n');
}

function toSpecifier(file: string): string {
  return JSON.stringify(pathToFileURL(file).href);
}
