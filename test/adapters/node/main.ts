import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The Node platform as `npm run start:node` starts it, in a process of its own. */
export interface RunningNode {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it wrote to its standard output so far. */
  readonly output: () => string;
  /** What it wrote to its standard error last. */
  readonly said: () => string;
  /** Ends it, and answers its exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export const adminKey = 'admin-key-of-the-test-suite';

export async function startNode(env: Readonly<Record<string, string>>): Promise<RunningNode> {
  const child = spawnNode({ TULLE_ADMIN_KEY: adminKey, TULLE_ALLOW_PRIVATE_TARGETS: 'true', PORT: '0', ...env });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  let output = '';
  let said = '';
  // A pipe that nobody reads is full after 64 KB, and who writes to it stands still.
  child.stderr?.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-8_000)));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (data: Buffer) => {
      output += data.toString();
      const [found] = /http:\/\/\S+/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => reject(new Error(`the process ended with code ${code}: ${said}`)));
  });
  return {
    url,
    process: child,
    output: () => output,
    said: () => said,
    async stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** For a start that is to fail: what it wrote to its standard error, and its exit code. */
export async function failToStart(env: Readonly<Record<string, string>>): Promise<{ code: number; said: string }> {
  const child = spawnNode(env);
  let said = '';
  child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

function spawnNode(env: Readonly<Record<string, string>>): ChildProcess {
  // Nothing of the test's own environment but what Node needs to run.
  const variables: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    ...env,
  };
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'adapters/node/main.ts'], {
    cwd: root,
    env: variables as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The admin API, where everything has to succeed. */
export async function admin(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  key = adminKey,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
