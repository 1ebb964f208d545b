import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurationDocument } from '../../client/configuration.ts';
import { CommandError } from '../command.ts';

/** A document and the file that it stands in. */
export interface Source {
  readonly file: string;
  readonly document: ConfigurationDocument;
}

/**
 * Every document in the YAML and JSON files of a folder and of those in it, or in one file; a YAML file may have several.
 * @throws CommandError with every file that cannot be read, and where
 */
export async function readFolder(path: string): Promise<readonly Source[]> {
  const files = (await listFiles(path)).filter((file) => file === path || !(isCaseFile(file) || isEventFile(file)));
  const faults: string[] = [];
  const sources: Source[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const { documents, faults: own } = await parseDocuments(file, text);
    faults.push(...own);
    for (const document of documents) {
      const fault = findFault(document);
      if (fault === undefined) sources.push({ file, document: document as ConfigurationDocument });
      else faults.push(`${file}: ${fault}`);
    }
  }
  if (faults.length > 0) {
    throw new CommandError(faults.join('\n'), {
      mend: 'A document says its kind and name, and its bus where it has one.',
    });
  }
  if (sources.length > 0) return sources;
  throw new CommandError(`There is no document in ${path}.`, { mend: 'It takes .yaml, .yml and .json files.' });
}

/** Of `tulle test`: what it tries the documents beside it on. */
export function isCaseFile(file: string): boolean {
  return /\.test\.(?:ya?ml|json)$/.test(file);
}

/** An event that cases and people try rules on. */
function isEventFile(file: string): boolean {
  return file.endsWith('.event.json');
}

/** Of YAML and JSON, in a folder and those in it, or the one file that it is. */
export async function listFiles(path: string): Promise<string[]> {
  let found;
  try {
    found = await stat(path);
  } catch (cause) {
    throw new CommandError(`${path} cannot be read.`, { mend: 'Give a folder of documents, or one file.', cause });
  }
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(?:^|\/)(?:\.[^./]|node_modules\/)/.test(file.slice(path.length)))
    .sort();
}

/** What stands in a file, one after the other. */
export async function parseDocuments(
  file: string,
  text: string,
): Promise<{ readonly documents: readonly unknown[]; readonly faults: readonly string[] }> {
  if (file.endsWith('.json')) {
    try {
      const documents = [JSON.parse(text)].flat();
      const faults = (await findRepeatedNames(text)).map((fault) => `${file}: ${fault}`);
      return { documents: faults.length > 0 ? [] : documents, faults };
    } catch (error) {
      return { documents: [], faults: [`${file}: ${error instanceof Error ? error.message : String(error)}`] };
    }
  }
  const { parseAllDocuments } = await import('yaml');
  const parsed = [parseAllDocuments(text)].flat();
  const faults = parsed.flatMap((document) => document.errors.map(({ message }) => `${file}: ${firstLine(message)}`));
  if (faults.length > 0) return { documents: [], faults };
  // An empty document between two lines of dashes is none.
  try {
    const documents = parsed.map(toPlain).filter((one) => one !== null);
    return { documents: documents.flat(), faults };
  } catch (error) {
    return { documents: [], faults: [`${file}: ${firstLine(error instanceof Error ? error.message : String(error))}`] };
  }
}

/** `JSON.parse` keeps the last member of a name and says nothing; a reader of YAML, which JSON is, says where they are. */
async function findRepeatedNames(json: string): Promise<readonly string[]> {
  const { parseDocument } = await import('yaml');
  const { errors } = parseDocument(json);
  return errors
    .filter(({ code }) => code === 'DUPLICATE_KEY')
    .map(({ message }) => firstLine(message).replace('Map keys must be unique', 'A member is named twice'));
}

/** @throws Error for aliases without end, and for an anchor that holds itself */
function toPlain(document: { toJS(options: { maxAliasCount: number }): unknown }): unknown {
  const value = document.toJS({ maxAliasCount: 100 });
  JSON.stringify(value);
  return value;
}

function findFault(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null) return 'This is no document, but a single value.';
  const { kind, name } = document as ConfigurationDocument;
  if (typeof kind !== 'string') return 'The document does not say its kind.';
  return typeof name === 'string' ? undefined : `The ${kind} does not say its name.`;
}

function firstLine(text: string): string {
  return text.split('\n', 1).join('').replace(/:$/, '');
}
