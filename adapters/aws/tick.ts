import type { Context } from 'aws-lambda';
import { createAwsMesh } from './mesh.ts';

const mesh = createAwsMesh(process.env);

/** EventBridge Scheduler, once a minute. */
export async function handler(_event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  await mesh.tick(context.getRemainingTimeInMillis());
  await mesh.settled();
}
