import { setTimeout as pause } from 'node:timers/promises';
import { startNodeMesh } from './mesh.ts';
import { crashTest } from './test.ts';
import { numberOption } from './wait.ts';

/**
 * Kills the Node process with SIGKILL again and again while events are published, and counts: what was answered 202
 * and never reached the target is lost; what reached it once more than it had to must have been out, or not settled yet,
 * when the process died. `npm run test:crash:node [-- --kills 20]`; the last line is `N passed, N failed`.
 */
const kills = numberOption('--kills', 20);

await crashTest({
  mesh: await startNodeMesh(),
  clients: 16,
  async disturb({ load, kill }) {
    for (let count = 0; count < kills; count++) {
      await load.takesAgain(50);
      await pause(100 + Math.random() * 400);
      await kill();
    }
    await load.takesAgain(50);
  },
});
