import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './port.ts';
import { createServerFolder, findProgram, type Server, startServer } from './server.ts';

export function findMosquitto(): string | undefined {
  return findProgram('mosquitto');
}

/** Lets everybody in, and keeps nothing. */
export async function startMosquitto(program: string): Promise<Server> {
  const folder = createServerFolder('mosquitto', 'mosquitto');
  const port = await freePort();
  const file = join(folder.path, 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n`);
  const stop = await startServer({ command: program, args: ['-c', file], folder }, port);
  return { url: `mqtt://127.0.0.1:${port}`, stop };
}
