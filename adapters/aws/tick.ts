import { createAwsMesh } from './mesh.ts';

const mesh = createAwsMesh(process.env);

/** EventBridge Scheduler, once a minute. */
export async function handler(): Promise<void> {
  await mesh.tick();
  await mesh.settled();
}
