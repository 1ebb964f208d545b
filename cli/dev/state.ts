import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../make-folder.ts';

export const defaultStateFolder = '.tulle';

/** The folder where a development server keeps everything that outlives it. */
export interface StateFolder {
  /** What workerd writes: KV, D1 and Durable Objects. */
  readonly storage: string;
  /** The operator's key, made on the first run. */
  adminKey(): Promise<string>;
  /** What secrets are encrypted with, made on the first run. */
  masterKey(): Promise<string>;
  /** The server that runs on this folder now, or did when it was killed. */
  readonly running: StateFile<Running>;
  /** What the demo was set up for. */
  readonly demo: StateFile<{ readonly origin: string }>;
}

export interface Running {
  readonly processId: number;
  readonly url: string;
}

export interface StateFile<Content> {
  readonly path: string;
  read(): Promise<Content | undefined>;
  write(content: Content): Promise<void>;
}

export async function openState(folder: string): Promise<StateFolder> {
  // The folder holds the operator's key and every event: it is nobody else's.
  await makeFolder(folder, 0o700);
  return {
    storage: join(folder, 'storage'),
    adminKey: () => readOrMakeKey(join(folder, 'admin-key'), () => `dev-${randomBytes(24).toString('base64url')}`),
    masterKey: () => readOrMakeKey(join(folder, 'master-key'), () => randomBytes(32).toString('base64')),
    running: stateFile(join(folder, 'running.json')),
    demo: stateFile(join(folder, 'demo.json')),
  };
}

async function readOrMakeKey(path: string, make: () => string): Promise<string> {
  const present = (await readText(path))?.trim();
  if (present !== undefined && present !== '') {
    await chmod(path, 0o600);
    return present;
  }
  const key = make();
  await writeFile(path, `${key}\n`, { mode: 0o600 });
  return key;
}

function stateFile<Content>(path: string): StateFile<Content> {
  return {
    path,
    async read() {
      const text = await readText(path);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as Content;
      } catch {
        // Written halfway when the machine went down: the same as not written.
        return undefined;
      }
    },
    write: (content) => writeFile(path, `${JSON.stringify(content)}\n`),
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
