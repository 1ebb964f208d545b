import { join } from 'node:path';
import { freePort } from './port.ts';
import { createServerFolder, findProgram, type Server, startServer } from './server.ts';

export function findNats(): string | undefined {
  return findProgram('nats-server');
}

/** With JetStream. */
export async function startNats(program: string): Promise<Server> {
  const folder = createServerFolder('nats', 'nats');
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder.path, 'store')];
  const stop = await startServer({ command: program, args, folder }, port);
  return { url: `nats://127.0.0.1:${port}`, stop };
}
