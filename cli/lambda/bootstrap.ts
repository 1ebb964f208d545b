import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FromEnvironment, ToEnvironment } from './environment.ts';

/** What runs in an execution environment: loads the handler once, then answers one invocation at a time. */
type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const { LAMBDA_TASK_ROOT: root = '', _HANDLER: name = '' } = process.env;
const place = name.lastIndexOf('.');

function send(message: FromEnvironment): void {
  process.send?.(message);
}

function toFailure(error: unknown): { errorType: string; errorMessage: string } {
  const { name: errorType, message: errorMessage } = error instanceof Error ? error : new Error(String(error));
  return { errorType, errorMessage };
}

// Whoever ends the runner ends the environments.
process.on('disconnect', () => process.exit());

try {
  const path = pathToFileURL(join(root, `${name.slice(0, place)}.mjs`)).href;
  const loaded = (await import(path)) as Record<string, Handler>;
  const handler = loaded[name.slice(place + 1)];
  if (typeof handler !== 'function') throw new Error(`${name} is not a function of the bundle`);
  process.on('message', (message: ToEnvironment) => void answer(handler, message));
  send({ kind: 'ready' });
} catch (error) {
  console.error(error);
  send({ kind: 'init-failed', ...toFailure(error) });
}

async function answer(handler: Handler, { id, event, context }: ToEnvironment): Promise<void> {
  const { deadlineMs, ...fixed } = context;
  try {
    const payload = await handler(event, { ...fixed, getRemainingTimeInMillis: () => deadlineMs - Date.now() });
    // As Lambda does: what JSON does not know is not answered.
    send({ kind: 'answer', id, payload: JSON.stringify(payload) ?? 'null', rss: process.memoryUsage.rss() });
  } catch (error) {
    console.error(error);
    send({ kind: 'error', id, ...toFailure(error), rss: process.memoryUsage.rss() });
  }
}
