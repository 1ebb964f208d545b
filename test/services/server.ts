import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A server of one's own, on loopback, with its data in a folder that is thrown away. */
export interface Server {
  readonly url: string;
  stop(): void;
}

/** A program that a server is started with, as a user of its own where this process is root. */
export interface ServerProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: ServerFolder;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ServerFolder {
  readonly path: string;
  /** Whom everything in it belongs to; absent where that is us. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** How long a server may take until it answers: RabbitMQ on a busy machine takes the better part of a minute. */
const START_MS = 180_000;

/** Where a program is, also where only root's search path leads; `undefined` where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A folder for a server's data: most of them refuse to run as root, and their packages make a user for them. */
export function createServerFolder(name: string, userName: string): ServerFolder {
  const isRoot = process.getuid?.() === 0;
  // Others than root may not get into root's own folders.
  const path = mkdtempSync(join(isRoot ? '/tmp' : tmpdir(), `tulle-${name}-`));
  if (!isRoot) return { path };
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${userName}:`));
  const [, , uid, gid] = (line ?? '').split(':').map(Number);
  if (uid === undefined || gid === undefined) return { path };
  own(path, `${uid}:${gid}`);
  return { path, user: { uid, gid } };
}

/** Runs a program to its end, as whom the folder belongs to. */
export function runIn({ path, user }: ServerFolder, command: string, args: readonly string[]): void {
  const options = { cwd: path, encoding: 'utf8', timeout: 300_000, ...user } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status !== 0) throw new Error(`${command} (${status ?? error?.message}): ${stdout}${stderr}`);
}

/** Starts it, waits until something listens on the port, and answers how to stop it. */
export async function startServer(program: ServerProgram, port: number): Promise<() => void> {
  const child = spawnServer(program);
  const stop = (): void => stopServer(child, program.folder);
  try {
    await untilListening(child, program, port);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

/** Ends it, and throws its data away. */
export function stopServer(child: ChildProcess, { path }: ServerFolder): void {
  endGroup(child);
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}

/** Rejects with what it said, where it ends before or takes too long. */
export async function untilListening(
  child: ChildProcess,
  { command, folder }: ServerProgram,
  port: number,
): Promise<void> {
  const end = performance.now() + START_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() >= end) {
      throw new Error(`${command} did not start: ${readFileSync(join(folder.path, 'said'), 'utf8').slice(-2_000)}`);
    }
    await pause(100);
  }
}

/** In a group of processes of its own: what it starts ends with it, and no Ctrl-C meant for us reaches it. */
export function spawnServer({ command, args, folder, env = {} }: ServerProgram): ChildProcess {
  const said = openSync(join(folder.path, 'said'), 'a');
  try {
    return spawn(command, args, {
      cwd: folder.path,
      detached: true,
      stdio: ['ignore', said, said],
      env: Object.assign({}, process.env, { HOME: folder.path }, env),
      ...folder.user,
    });
  } finally {
    closeSync(said);
  }
}

/** As a power failure would. */
export function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function own(path: string, owner: string): void {
  const { status } = spawnSync('chown', [owner, path]);
  if (status !== 0) throw new Error(`chown ${owner} ${path} failed`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (does: boolean): void => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
