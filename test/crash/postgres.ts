import { setTimeout as pause } from 'node:timers/promises';
import { findPostgres, startPostgres } from '../services/postgres.ts';
import { startPostgresMesh } from './mesh.ts';
import { crashTest } from './test.ts';
import { numberOption } from './wait.ts';

/**
 * Three Node processes on one Postgres, under load: kills one of them with SIGKILL again and again, then breaks the
 * database off as a power failure would, and counts as `test/crash/node.ts` does.
 * `npm run test:crash:postgres [-- --kills 20 --restarts 5]`; the last line is `N passed, N failed`.
 */
const kills = numberOption('--kills', 20);
const restarts = numberOption('--restarts', 5);

const bin = findPostgres();
if (bin === undefined) console.log('Postgres is not installed: its crash test is skipped.');
else {
  const server = await startPostgres(bin);
  try {
    await crashTest({
      mesh: await startPostgresMesh(server),
      clients: 12,
      mayRepeat: true,
      async disturb({ load, kill }) {
        for (let count = 0; count < kills; count++) {
          await load.takesAgain(30);
          await pause(100 + Math.random() * 300);
          await kill();
        }
        for (let count = 0; count < restarts; count++) {
          await load.takesAgain(30);
          await server.restart('immediate');
        }
        await load.takesAgain(30);
      },
    });
  } finally {
    server.stop();
  }
}
