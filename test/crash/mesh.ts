import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { freePort } from '../services/port.ts';
import type { PostgresServer } from '../services/postgres.ts';
import { until } from './wait.ts';

/** A whole mesh in processes of its own, to be killed. */
export interface CrashMesh {
  readonly key: string;
  /** Of whoever is asked next, where there are several. */
  url(): string;
  /** Ends a process with SIGKILL; resolves when another one has its place, which waits for `whenDead`. */
  kill(whenDead: () => Promise<void>): Promise<void>;
  /** Processes that are there without having been started again. */
  alive(): boolean;
  /** What they wrote to their standard error last. */
  said(): string;
  stop(): Promise<void>;
}

/** One Node process on a folder. */
export async function startNodeMesh(): Promise<CrashMesh> {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-crash-'));
  const mesh = await startNodes(1, { TULLE_DATA: folder });
  return {
    ...mesh,
    async stop() {
      await mesh.stop();
      remove(folder);
    },
  };
}

/** Several Node processes on one Postgres. */
export function startPostgresMesh(server: Pick<PostgresServer, 'url'>, processes = 3): Promise<CrashMesh> {
  return startNodes(processes, { TULLE_POSTGRES_URL: server.url });
}

async function startNodes(count: number, env: Readonly<Record<string, string>>): Promise<CrashMesh> {
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode(env)));
  let asked = 0;
  let killed = 0;
  const at = (place: number): RunningNode => {
    const node = nodes[place % count];
    if (node === undefined) throw new RangeError('there is a process at least');
    return node;
  };
  return {
    key: adminKey,
    url: () => at(asked++).url,
    async kill(whenDead) {
      const place = killed++ % count;
      await at(place).stop('SIGKILL');
      await whenDead();
      nodes[place] = await startNode(env);
    },
    alive: () => nodes.every(({ process }) => process.exitCode === null && process.signalCode === null),
    said: () => nodes.map((node) => node.said()).join('\n'),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    },
  };
}

/** `tulle dev`, of which workerd is killed: the command starts it again. */
export async function startWorkerdMesh(): Promise<CrashMesh> {
  const state = mkdtempSync(join(tmpdir(), 'tulle-crash-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dev = spawn(process.execPath, ['cli/main.ts', 'dev', '--no-demo', '--port', String(port), '--state', state], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(dev, 'exit');
  let said = '';
  dev.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-8_000)));
  const key = await readKey(dev, () => said);
  return {
    key,
    url: () => url,
    async kill(whenDead) {
      await killWorkerd(dev, () => said);
      await whenDead();
      const isUp = (): Promise<boolean> =>
        fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) }).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(
        isUp,
        () => `workerd is not up again; tulle dev said: ${said}`,
        () => '',
      );
    },
    alive: () => dev.exitCode === null && dev.signalCode === null,
    said: () => said,
    async stop() {
      dev.kill('SIGTERM');
      await ended;
      remove(state);
    },
  };
}

function readKey(dev: ChildProcess, said: () => string): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    dev.stdout?.on('data', (data: Buffer) => {
      output += data.toString();
      const [, key] = /(?:Bearer|key:?)\s+([\w.-]{24,})/i.exec(output) ?? [];
      if (key !== undefined) resolve(key);
    });
    dev.once('exit', (code) => reject(new Error(`tulle dev ended with code ${code}: ${output}${said()}`)));
  });
}

async function killWorkerd(dev: ChildProcess, said: () => string): Promise<void> {
  let found: readonly number[] = [];
  await until(
    () => (found = workerdsOf(dev.pid)).length > 0,
    () => `there is no workerd to kill; tulle dev said: ${said()}`,
    () => '',
  );
  for (const id of found) {
    try {
      process.kill(id, 'SIGKILL');
    } catch (error) {
      // It ended by itself in between.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  // Until then, an answer may still be the old one's.
  while (found.some((id) => existsSync(`/proc/${id}`))) await pause(5);
}

/** Not every machine has `pgrep`. */
function workerdsOf(parent: number | undefined): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((id) => {
      if (!Number.isInteger(id)) return false;
      try {
        const isChild = new RegExp(`^PPid:\\s+${parent}$`, 'm').test(readFileSync(`/proc/${id}/status`, 'utf8'));
        return isChild && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('workerd');
      } catch {
        return false;
      }
    });
}

/** Somebody who was just killed may still be writing. */
function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
