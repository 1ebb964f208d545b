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
  const rows = new Map<string, { version: number; value: unknown }>();
  let sorted: string[] | undefined;

  function write(writer: string, key: string, value: unknown, expected: number | undefined): number {
    const row = rows.get(key);
    const present = row?.value === undefined ? 0 : row.version;
    if (expected !== undefined && expected !== present) {
      throw new TulleError('version_conflict', 'The document was changed by somebody else.');
    }
    if (row === undefined) sorted = undefined;
    const version = (row?.version ?? 0) + 1;
    onWrite(writer, key, row?.value, value);
    rows.set(key, { version, value });
    return version;
  }

  return {
    read: (key) => rows.get(key)?.value,
    as: (writer) => ({
      async get(key) {
        const row = rows.get(key);
        return row?.value === undefined ? undefined : { key, value: row.value, version: row.version };
      },
      async put(key, value, expected) {
        return write(writer, key, value, expected);
      },
      async delete(key, expected) {
        const exists = rows.get(key)?.value !== undefined;
        if (!exists && !expected) return false;
        write(writer, key, undefined, expected);
        return true;
      },
      async list(prefix, { after = '', limit = 100 } = {}) {
        sorted ??= [...rows.keys()].sort();
        const items: StoredDocument[] = [];
        for (
          let at = firstAfter(sorted, after > prefix ? after : prefix, after >= prefix);
          at < sorted.length;
          at += 1
        ) {
          const key = sorted[at] ?? '';
          if (!key.startsWith(prefix)) break;
          const row = rows.get(key);
          if (row?.value === undefined) continue;
          if (items.length === limit) return { items, next: items.at(-1)?.key ?? '' };
          items.push({ key, value: row.value, version: row.version });
        }
        return { items };
      },
    }),
  };
}

/** The place of the first key at or behind `key`; behind it where `isPast`. */
function firstAfter(keys: readonly string[], key: string, isPast: boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = keys[middle] ?? '';
    if (other < key || (isPast && other === key)) low = middle + 1;
    else high = middle;
  }
  return low;
}
