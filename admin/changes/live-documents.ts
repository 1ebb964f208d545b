import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';

/** How a document that is changed through changes is stored. Without `document` it is deleted. */
export interface Tagged {
  /** The sequence of the change that wrote it. */
  readonly change: number;
  readonly document?: unknown;
}

/**
 * The documents as everybody reads them; their version is the number of the change that wrote them. A deleted one stays in the store as a mark for a day, so that somebody who
 * comes late with an older change cannot bring it back; here it is not there.
 */
export function createLiveDocuments(documents: Documents): Documents {
  return {
    put: (key, value, expectedVersion) => documents.put(key, value, expectedVersion),
    delete: (key, expectedVersion) => documents.delete(key, expectedVersion),
    async get(key) {
      const stored = await documents.get(key);
      return stored === undefined ? undefined : toLive(stored);
    },
    async list(prefix, { after, limit = 100 } = {}) {
      const items: StoredDocument[] = [];
      let from = after;
      for (;;) {
        const page = await documents.list(prefix, { limit, ...(from === undefined ? {} : { after: from }) });
        for (const stored of page.items) {
          const live = toLive(stored);
          if (live === undefined) continue;
          if (items.length === limit) return { items, next: items.at(-1)?.key ?? '' };
          items.push(live);
        }
        if (page.next === undefined) return { items };
        from = page.next;
      }
    },
  };
}

/** `undefined` for one that was deleted. */
export function toLive({ key, value, version }: StoredDocument): StoredDocument | undefined {
  if (!isTagged(value)) return { key, value, version };
  return value.document === undefined ? undefined : { key, value: value.document, version: value.change };
}

export function isTagged(value: unknown): value is Tagged {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'change') !== 'number') return false;
  return Object.keys(value).every((name) => name === 'change' || name === 'document');
}
