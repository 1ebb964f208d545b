import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './port.ts';
import { createServerFolder, findProgram, runIn, type Server, startServer } from './server.ts';

/** Where the server is; `undefined` where neither MariaDB nor its installer is there. */
export function findMariadb(): string | undefined {
  return findProgram('mariadb-install-db') === undefined ? undefined : findProgram('mariadbd');
}

/** With a database and a user `tulle` (password `only-for-tests`), who may do everything. */
export async function startMariadb(program: string): Promise<Server> {
  const folder = createServerFolder('mariadb', 'mysql');
  const data = join(folder.path, 'data');
  runIn(folder, findProgram('mariadb-install-db') ?? 'mariadb-install-db', [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const first = join(folder.path, 'first.sql');
  writeFileSync(
    first,
    `CREATE DATABASE tulle;
CREATE USER tulle@'%' IDENTIFIED BY 'only-for-tests';
GRANT ALL PRIVILEGES ON *.* TO tulle@'%' WITH GRANT OPTION;
`,
  );
  const port = await freePort();
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    `--init-file=${first}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${join(folder.path, 'socket')}`,
    `--pid-file=${join(folder.path, 'pid')}`,
    '--character-set-server=utf8mb4',
    // An event may have 1 MiB, a batch of them more: both ends have 16 MiB by default.
    '--max-allowed-packet=67108864',
    '--skip-name-resolve',
  ];
  const stop = await startServer({ command: program, args, folder }, port);
  return { url: `mysql://tulle:only-for-tests@127.0.0.1:${port}/tulle`, stop };
}
