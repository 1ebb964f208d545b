import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './markdown.ts';
import { writeTypeScript } from './typescript.ts';

// Inside the project, so that packages are found.
await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
const folder = await mkdtemp(join(root, 'node_modules/.cache/tulle-writing-connectors-'));
try {
  // The tests that the document shows are tests of this file.
  const files = await writeTypeScript('docs/writing-connectors.md', folder);
  for (const file of files.filter((name) => name.endsWith('.test.ts'))) await import(file);
} finally {
  await rm(folder, { recursive: true });
}
