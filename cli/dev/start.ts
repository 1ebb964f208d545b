import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApi, type Api } from '../api.ts';
import { CommandError } from '../command.ts';
import { demoFolder, seedDemo } from '../demo/seed.ts';
import { readManifest } from '../package-root.ts';
import { findRunning } from './running.ts';
import type { DevServer, DevServerOptions } from './server.ts';
import { openState, type StateFolder } from './state.ts';

export interface StartedServer extends DevServer {
  readonly adminKey: string;
}

/**
 * Starts a server on a state folder and seeds the demo where it is missing.
 * @throws CommandError when a server runs on the folder already, or the port is taken
 */
export async function startOnState(options: {
  readonly target?: 'workers' | 'aws';
  readonly port: number;
  readonly stateFolder: string;
  readonly demo: boolean;
}): Promise<StartedServer> {
  const { target = 'workers', port, stateFolder, demo } = options;
  const state = await openState(stateFolder);
  const running = await findRunning(state);
  if (running !== undefined) {
    throw new CommandError(`A server runs on ${stateFolder} already, at ${running.url}.`, {
      mend: `Stop it (process ${running.processId}), or take another folder: tulle dev --state .tulle-2 --port ${port + 1}`,
    });
  }
  const [adminKey, masterKey] = [await state.adminKey(), await state.masterKey()];
  const start = target === 'aws' ? (await import('./aws.ts')).startAwsServer : startServer;
  const server = await start({ port, storage: state.storage, adminKey, masterKey, demo, log });
  try {
    await state.running.write({ processId: process.pid, url: server.url });
    process.on('exit', () => rmSync(state.running.path, { force: true }));
    if (demo) await seedOnce(state, createApi(server.url, adminKey));
  } catch (error) {
    await server.close();
    throw error;
  }
  return { ...server, adminKey };
}

/** An event that the seeded rules match. */
export async function readDemoEvent(): Promise<unknown> {
  return JSON.parse(await readFile(join(demoFolder, 'events/user-created.json'), 'utf8'));
}

/** On the first run, and when the server moved to another port: after that the resources are the reader's to change. */
async function seedOnce(state: StateFolder, api: Api): Promise<void> {
  const seeded = await state.demo.read();
  if (seeded?.origin === api.url) return;
  await seedDemo(api);
  await state.demo.write({ origin: api.url });
}

/** What runs Workers here is large and comes with wrangler: who publishes events from a script does not need it. */
async function startServer(options: DevServerOptions): Promise<DevServer> {
  try {
    const { startDevServer } = await import('./server.ts');
    return await startDevServer(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !/'(?:wrangler|miniflare|esbuild)'/.test(message)) throw error;
    throw new CommandError('wrangler is not installed, which brings what runs Workers on this machine.', {
      mend: `npm install --save-dev wrangler@${readManifest().devDependencies['wrangler']}`,
      cause: error,
    });
  }
}

/** Diagnostics, so that a command's own output stays clean. */
function log(_level: string, message: string): void {
  console.error(message);
}
