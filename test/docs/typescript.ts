import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type Block, readBlocks, root } from './markdown.ts';

/**
 * Writes the TypeScript of a document into a folder, each block below it where its first line says that it would be.
 * Blocks find one another, and the project.
 */
export async function writeTypeScript(path: string, folder: string): Promise<readonly string[]> {
  const blocks = readBlocks(path).filter(({ language }) => language === 'ts');
  const shown = new Set(blocks.map(homeOf));
  const files: string[] = [];
  for (const block of blocks) {
    const home = homeOf(block);
    const text = block.text.replaceAll(/from '(\.[^']*)'/g, (_, specifier: string) => {
      const found = resolve(root, dirname(home), specifier);
      return shown.has(relative(root, found)) ? `from '${specifier}'` : `from '${found}'`;
    });
    const file = join(folder, home);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    files.push(file);
  }
  return files;
}

/** Where the file would be; one that does not say is nobody's. */
function homeOf({ text, line }: Block): string {
  return /^\/\/ (\S+\.ts)$/m.exec(text)?.[1] ?? `block-${line}.ts`;
}
