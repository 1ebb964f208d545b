import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPluginPages } from '../../admin/reference/plugins.ts';
import { createReference, type Pages } from '../../admin/reference/reference.ts';
import { allSinks } from './sinks.ts';
import { sources } from './sources.ts';

/** What is made of schemas and plug-ins, by its folder below `docs`. */
export const books: Readonly<Record<string, Pages>> = {
  reference: createReference(allSinks, sources),
  connectors: createPluginPages(allSinks, sources),
};

if (import.meta.main) {
  for (const [name, pages] of Object.entries(books)) {
    const folder = join(import.meta.dirname, '../../docs', name);
    await mkdir(folder, { recursive: true });
    for (const [file, text] of pages) await writeFile(join(folder, file), text);
  }
}
