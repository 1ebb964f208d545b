import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './port.ts';
import type { Server } from './server.ts';

/** A Postgres of one's own, on a port of its own, with its data in a folder that is thrown away. */
export interface PostgresServer extends Server {
  /** As an operator would, or as a power failure would. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
}

const root = '/usr/lib/postgresql';

/** Where the programs are; `undefined` where Postgres is not installed. */
export function findPostgres(): string | undefined {
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .toSorted((one, other) => other - one)
    : [];
  const folders = [process.env['POSTGRES_BIN'], ...versions.map((version) => join(root, String(version), 'bin'))];
  return folders.find((folder) => folder !== undefined && existsSync(join(folder, 'initdb')));
}

/** With everything that makes a commit durable as it is by default. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  // Others than root may not get into root's own folders.
  const asRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(asRoot ? '/tmp' : tmpdir(), 'tulle-postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  // Postgres refuses to run as root; the packages make a user of that name.
  if (asRoot) run('chown', ['postgres', folder]);

  function commandOf(program: string, args: readonly string[]): [string, string[]] {
    const command = join(bin, program);
    return asRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, [...args]];
  }

  function runAs(program: string, ...args: string[]): void {
    run(...commandOf(program, args), folder);
  }

  runAs('initdb', '-D', data, '-U', 'tulle', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync');
  const settings = ['listen_addresses=127.0.0.1', 'max_connections=200', 'log_min_messages=fatal'];
  // No socket in the file system: its path may be 107 characters long.
  const options = [`-k '' -p ${port}`, ...settings.map((setting) => `-c ${setting}`)].join(' ');
  const start = ['-D', data, '-w', '-t', '600', '-l', join(folder, 'log'), '-o', options];
  runAs('pg_ctl', ...start, 'start');

  return {
    url: `postgres://tulle@127.0.0.1:${port}/postgres`,
    async restart(mode) {
      // Whoever asks goes on meanwhile: it may be the one whom the others talk to.
      await promisify(execFile)(...commandOf('pg_ctl', [...start, '-m', mode, 'restart']), { cwd: folder });
    },
    stop() {
      try {
        runAs('pg_ctl', '-D', data, '-m', 'immediate', '-t', '600', 'stop');
      } catch (error) {
        console.log(`Postgres could not be stopped: ${String(error)}`);
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

function run(command: string, args: readonly string[], cwd = '/'): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 900_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} (${status ?? error?.message}): ${stdout}${stderr}`);
}
