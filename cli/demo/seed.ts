import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from '../api.ts';
import { packageRoot } from '../package-root.ts';

/** Where the demo's resources and events lie. */
export const demoFolder: string = join(packageRoot, 'examples/demo');

/** Sets the demo's bus and rules up, through the admin API like anybody else. The same call again changes nothing. */
export async function seedDemo(api: Api): Promise<void> {
  const bus = '/v1/admin/buses/default';
  await api.put(bus, await readResource('bus.json', api.url));
  const files = (await readdir(join(demoFolder, 'rules'))).filter((file) => file.endsWith('.json'));
  for (const file of files.sort()) {
    const rule = file.slice(0, -'.json'.length);
    await api.put(`${bus}/rules/${rule}`, await readResource(`rules/${file}`, api.url));
  }
}

/** Targets are on the server itself: where that listens is known only when it runs. */
async function readResource(path: string, origin: string): Promise<unknown> {
  const text = await readFile(join(demoFolder, path), 'utf8');
  return JSON.parse(text.replaceAll('{origin}', origin));
}
