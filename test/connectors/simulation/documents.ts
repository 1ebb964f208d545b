import { TulleError } from '../../../event/error.ts';
import type { Documents, StoredDocument } from '../../../mesh/ports/documents.ts';

/** Told of every write before it is there. */
export type OnWrite = (writer: string, key: string, before: unknown, after: unknown) => void;

/** One store for all processes. Values are handed out as they are: nobody in the code under test changes what it read. */
export interface Store {
  /** The store as one process sees it, without the network between. */
  as(writer: string): Documents;
  read(key: string): unknown;
}

export function createStore(onWrite: OnWrite): Store {
  /** Also of what was deleted: a version is never given twice. */
  const versions = new Map<string, number>();
  const present = new Map<string, Entry>();
  /** What is present, in the order of its keys. */
  const sorted: Entry[] = [];

  function write(writer: string, key: string, value: unknown, expected: number | undefined): number {
    const entry = present.get(key);
    const before = entry?.stored;
    if (expected !== undefined && expected !== (before?.version ?? 0)) {
      throw new TulleError('version_conflict', 'The document was changed by somebody else.');
    }
    const version = (versions.get(key) ?? 0) + 1;
    onWrite(writer, key, before?.value, value);
    versions.set(key, version);
    if (entry !== undefined && value !== undefined) entry.stored = { key, value, version };
    else if (entry !== undefined) {
      present.delete(key);
      sorted.splice(placeOf(sorted, key), 1);
    } else if (value !== undefined) {
      const added = { stored: { key, value, version } };
      present.set(key, added);
      sorted.splice(placeOf(sorted, key), 0, added);
    }
    return version;
  }

  return {
    read: (key) => present.get(key)?.stored.value,
    as: (writer) => ({
      async get(key) {
        return present.get(key)?.stored;
      },
      async put(key, value, expected) {
        return write(writer, key, value, expected);
      },
      async delete(key, expected) {
        if (!present.has(key) && !expected) return false;
        write(writer, key, undefined, expected);
        return true;
      },
      async list(prefix, { after = '', limit = 100 } = {}) {
        const first = placeOf(sorted, after >= prefix ? `${after}\0` : prefix);
        const end = placeOf(sorted, `${prefix}\uffff`);
        const items = sorted.slice(first, Math.min(end, first + limit)).map(({ stored }) => stored);
        return end - first > limit ? { items, next: items.at(-1)?.key ?? '' } : { items };
      },
    }),
  };
}

/** A write puts another document into it: what was handed out stays as it was. */
interface Entry {
  stored: StoredDocument;
}

/** Of the first key that is not before this one. */
function placeOf(entries: readonly Entry[], key: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.stored.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
