import { setTimeout as pause } from 'node:timers/promises';
import { startWorkerdMesh } from './mesh.ts';
import { crashTest } from './test.ts';
import { numberOption } from './wait.ts';

/**
 * Kills workerd with SIGKILL again and again while events are published, and counts as `test/crash/node.ts` does.
 * `npm run test:crash:workerd [-- --kills 20]`; the last line is `N passed, N failed`.
 */
const kills = numberOption('--kills', 20);

await crashTest({
  mesh: await startWorkerdMesh(),
  clients: 16,
  async disturb({ load, kill }) {
    for (let count = 0; count < kills; count++) {
      await load.takesAgain(20);
      await pause(600 + Math.random() * 800);
      await kill();
    }
    await load.takesAgain(20);
  },
});
