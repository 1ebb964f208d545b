import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRules } from '../mesh/data.ts';

export const adminKey = 'admin-key-of-the-delivery-bench';

/** The mesh, the floor and the target, each a process of its own; state lies on the real disk. */
export interface BenchProcesses {
  /** URLs that take events. */
  readonly mesh: string;
  readonly floor: string;
  readonly sink: string;
  readonly meshPid: number;
  readonly floorPid: number;
  readonly dataFolder: string;
  stop(): void;
}

export interface BenchProcessesOptions {
  readonly retention?: string;
  /** For the process of the mesh, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

export async function startProcesses(options: BenchProcessesOptions = {}): Promise<BenchProcesses> {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-bench-'));
  const here = import.meta.dirname;
  const children: ChildProcess[] = [];
  const stop = (): void => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', stop);

  const { process: sink, url: sinkUrl } = await startSink();
  children.push(sink);
  const floor = fork(join(here, 'floor.ts'), [folder, sinkUrl], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=32'],
  });
  children.push(floor);
  const dataFolder = join(folder, 'mesh');
  const mesh: ChildProcess = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--max-semi-space-size=32',
      ...(options.nodeOptions ?? []),
      join(here, '../../adapters/node/main.ts'),
    ],
    {
      env: Object.assign({}, process.env, {
        TULLE_ADMIN_KEY: adminKey,
        TULLE_DATA: dataFolder,
        TULLE_ALLOW_PRIVATE_TARGETS: 'true',
        PORT: '0',
      }),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(mesh);
  const base = await urlOf(mesh);
  await prepare(base, sinkUrl, options.retention ?? '24h');
  return {
    mesh: `${base}/v1/events`,
    floor: `http://127.0.0.1:${await portOf(floor)}/`,
    sink: sinkUrl,
    meshPid: mesh.pid ?? 0,
    floorPid: floor.pid ?? 0,
    dataFolder,
    stop() {
      process.off('exit', stop);
      stop();
    },
  };
}

export async function startSink(): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const child = fork(join(import.meta.dirname, 'sink.ts'), { execArgv: [] });
  return { url: `http://127.0.0.1:${await portOf(child)}`, process: child };
}

/** One bus and 100 rules, of which one matches. */
export async function prepare(base: string, target: string, retention: string, key = adminKey): Promise<void> {
  async function put(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${base}/v1/admin/buses/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
  await put('default', { retention });
  for (const { name, filter } of createRules()) {
    await put(`default/rules/${name}`, { filter, targets: [{ name: 'sink', http: { url: `${target}/` } }] });
  }
}

const ports = new WeakMap<ChildProcess, Promise<number>>();

/** A forked process says its port once. */
function portOf(child: ChildProcess): Promise<number> {
  let port = ports.get(child);
  if (port === undefined) {
    port = new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(Number(message)));
      child.once('exit', (code) => reject(new Error(`a process of the bench ended with code ${code}`)));
    });
    ports.set(child, port);
  }
  return port;
}

function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (data: Buffer) => {
      const [url] = /http:\/\/\S+/.exec(data.toString()) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the mesh ended with code ${code}`)));
  });
}
