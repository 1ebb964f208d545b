import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';
import { toDocumentText, versionConflict } from '../documents.ts';

/** Documents in a Map, as JSON text: what is read is a copy, as on every other platform. For tests and simulation. */
export function createMemoryDocuments(): Documents {
  // A deleted document stays as a version without text, because versions grow over a delete.
  const rows = new Map<string, { version: number; text: string | undefined }>();

  const write = (key: string, text: string | undefined, expectedVersion: number | undefined): number => {
    const row = rows.get(key);
    const present = row?.text === undefined ? 0 : row.version;
    if (expectedVersion !== undefined && expectedVersion !== present) throw versionConflict();
    const version = (row?.version ?? 0) + 1;
    rows.set(key, { version, text });
    return version;
  };

  return {
    async get(key) {
      const row = rows.get(key);
      return row?.text === undefined ? undefined : { key, value: JSON.parse(row.text), version: row.version };
    },
    async put(key, value, expectedVersion) {
      return write(key, toDocumentText(value), expectedVersion);
    },
    async delete(key, expectedVersion) {
      const exists = rows.get(key)?.text !== undefined;
      if (!exists && !expectedVersion) return false;
      write(key, undefined, expectedVersion);
      return true;
    },
    async list(prefix, { after = '', limit = 100 } = {}) {
      const items: StoredDocument[] = [];
      for (const key of [...rows.keys()].sort()) {
        const row = rows.get(key);
        if (row?.text === undefined || key <= after || !key.startsWith(prefix)) continue;
        if (items.length === limit) return { items, next: items.at(-1)?.key ?? after };
        items.push({ key, value: JSON.parse(row.text), version: row.version });
      }
      return { items };
    },
  };
}
