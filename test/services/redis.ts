import { freePort } from './port.ts';
import { createServerFolder, findProgram, type Server, startServer } from './server.ts';

export function findRedis(): string | undefined {
  return findProgram('redis-server');
}

/** Nothing is written to disk. */
export async function startRedis(program: string): Promise<Server> {
  const folder = createServerFolder('redis', 'redis');
  const port = await freePort();
  const settings = { bind: '127.0.0.1', port: String(port), dir: folder.path, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const stop = await startServer({ command: program, args, folder }, port);
  return { url: `redis://127.0.0.1:${port}`, stop };
}
