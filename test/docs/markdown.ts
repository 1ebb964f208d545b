import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');

/** Everything that people read, by its path from the root. */
export const documents: readonly string[] = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...below('docs')];

/** A fenced block: three backticks, a language, and for some a word that says what the block is. */
export interface Block {
  readonly line: number;
  readonly language: string;
  readonly note: string;
  readonly text: string;
}

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function readBlocks(path: string): Block[] {
  const text = readDocument(path);
  return Array.from(text.matchAll(/^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm), (match) => ({
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    note: match[2] ?? '',
    text: match[3] ?? '',
  }));
}

/** Relative links, without what follows the `#`. */
export function readLinks(path: string): string[] {
  const links = Array.from(readDocument(path).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g), ([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function below(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .sort();
}
