import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import workerd from 'workerd';

export interface BenchServer {
  /** The mesh under test, the floor, and the target's own door. */
  readonly mesh: string;
  readonly floor: string;
  readonly sink: string;
  stop(): void;
}

/** Raw `workerd serve`, since wrangler and Miniflare would be most of what is measured. State lies on the real disk. */
export async function startWorkerd(adminKey: string): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-bench-'));
  mkdirSync(join(folder, 'mesh'));
  mkdirSync(join(folder, 'floor'));
  for (const name of ['worker', 'floor', 'sink']) {
    await build({
      entryPoints: [join(import.meta.dirname, `${name}.ts`)],
      outfile: join(folder, `${name}.js`),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2024',
      external: ['cloudflare:*'],
      conditions: ['workerd', 'worker', 'browser'],
    });
  }
  const [mesh = 0, floor = 0, sink = 0] = await freePorts(3);
  writeFileSync(join(folder, 'config.capnp'), config({ mesh, floor, sink, adminKey }));
  const child = spawn(workerd.default, ['serve', 'config.capnp', '--experimental'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', stop);
  await waitFor(`http://127.0.0.1:${sink}/count`, child);
  return {
    mesh: `http://127.0.0.1:${mesh}`,
    floor: `http://127.0.0.1:${floor}`,
    sink: `http://127.0.0.1:${sink}`,
    stop,
  };
}

function config(ports: { mesh: number; floor: number; sink: number; adminKey: string }): string {
  const socket = (name: string, port: number): string =>
    `( name = "${name}", address = "127.0.0.1:${port}", http = (), service = "${name}" )`;
  const worker = (file: string, rest: string): string =>
    `( modules = [ ( name = "${file}.js", esModule = embed "${file}.js" ) ], compatibilityDate = "2026-11-01", ${rest} )`;
  const objects = (className: string, folder: string): string => `
    durableObjectNamespaces = [ ( className = "${className}", uniqueKey = "${folder}", enableSql = true ) ],
    durableObjectStorage = ( localDisk = "${folder}-disk" ),`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ( name = "mesh", worker = .meshWorker ),
    ( name = "floor", worker = .floorWorker ),
    ( name = "sink", worker = .sinkWorker ),
    ( name = "mesh-disk", disk = ( path = "mesh", writable = true ) ),
    ( name = "floor-disk", disk = ( path = "floor", writable = true ) ),
  ],
  sockets = [ ${socket('mesh', ports.mesh)}, ${socket('floor', ports.floor)}, ${socket('sink', ports.sink)} ],
);
const meshWorker :Workerd.Worker = ${worker(
    'worker',
    `${objects('Log', 'mesh')}
    globalOutbound = "sink",
    bindings = [ ( name = "LOG", durableObjectNamespace = "Log" ), ( name = "TULLE_ADMIN_KEY", text = "${ports.adminKey}" ) ],`,
  )};
const floorWorker :Workerd.Worker = ${worker(
    'floor',
    `${objects('FloorLog', 'floor')} bindings = [ ( name = "FLOOR", durableObjectNamespace = "FloorLog" ) ],`,
  )};
const sinkWorker :Workerd.Worker = ${worker('sink', '')};
`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function waitFor(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`workerd ended with code ${child.exitCode}`);
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('workerd did not start within 10 s');
}
