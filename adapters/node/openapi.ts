import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOpenApi } from '../../admin/openapi/document.ts';
import { allSinks } from './sinks.ts';
import { sources } from './sources.ts';

const root = join(import.meta.dirname, '../..');

/** The text of `openapi.json`, made of the tables of routes and the schemas of the resources. */
export async function openApiText(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return `${JSON.stringify(createOpenApi({ sinks: allSinks, sources }, version), null, 2)}\n`;
}

if (import.meta.main) await writeFile(join(root, 'openapi.json'), await openApiText());
