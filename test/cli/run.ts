import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { root } from './tulle.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the CLI to its end, in an environment of its own. */
export async function run(
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  { input = '', onStderr }: { readonly input?: string; readonly onStderr?: (text: string) => void } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, ['cli/main.ts', ...words], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env } as unknown as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ran = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (ran.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    ran.stderr += data.toString();
    onStderr?.(ran.stderr);
  });
  // A command that takes no input may have ended.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  // One that does not end by itself must not outlive its test.
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, ...ran };
}
