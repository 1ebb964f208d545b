import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tulle {
  readonly process: ChildProcess;
  readonly url: string;
  readonly key: string;
  /** Everything that it printed so far. */
  output(): string;
  /** Answers the exit code; a process that a signal ended counts as 128 and the signal. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export const root: string = join(import.meta.dirname, '../..');

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'tulle-test-'));
}

/** Runs a command of the CLI as a process of its own. */
export function spawnTulle(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['cli/main.ts', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `tulle dev` as a process of its own; resolves when it has said how to use it. */
export async function startTulle(stateFolder: string, port: number, ...more: readonly string[]): Promise<Tulle> {
  const child = spawnTulle('dev', '--port', String(port), '--state', stateFolder, ...more);
  const read = collect(child);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  while (!/\/v1\/buses\/default\/deliveries|There is no bus yet/.test(read())) {
    if (child.exitCode !== null) throw new Error(`tulle dev ended early:\n${read()}`);
    await Promise.race([once(child.stdout ?? child, 'data'), exited]);
  }
  return {
    process: child,
    url: /Tulle runs at (\S+)/.exec(read())?.[1] ?? '',
    key: (await readFile(join(stateFolder, 'admin-key'), 'utf8')).trim(),
    output: read,
    async stop(signal) {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

/** Runs a command to its end. */
export async function runTulle(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawnTulle(...args);
  const read = collect(child);
  // One that does not end by itself must not outlive its test.
  const timer = setTimeout(() => child.kill('SIGKILL'), 80_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, output: read() };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  return () => output;
}
