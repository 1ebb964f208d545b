import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createReference } from '../../admin/reference/reference.ts';
import { allSinks } from './sinks.ts';
import { sources } from './sources.ts';

const folder = join(import.meta.dirname, '../../docs/reference');

if (import.meta.main) {
  await mkdir(folder, { recursive: true });
  for (const [file, text] of createReference(allSinks, sources)) await writeFile(join(folder, file), text);
}
