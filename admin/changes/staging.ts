import { canonicalJson } from '../../functions/transform/canonical-json.ts';
import { getMany } from '../../mesh/many-documents.ts';
import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';
import type { ChangeEntry } from './change.ts';
import { isTagged, toLive } from './live-documents.ts';

/** Documents as they will be: what is written here is seen here, and nowhere else until the change is made. */
export interface Staging extends Documents {
  /** Reads documents that are about to be asked for, in few calls. */
  prefetch(keys: readonly string[]): Promise<void>;
  /** What differs from what is there. */
  entries(): readonly ChangeEntry[];
}

/** @param documents the store itself, with the marks of what was deleted */
export function createStaging(documents: Documents): Staging {
  const staged = new Map<string, { readonly base: StoredDocument | undefined; document: unknown }>();
  const known = new Map<string, Promise<StoredDocument | undefined>>();

  /** Read once: a change is planned on what was there at its first look. */
  function read(key: string): Promise<StoredDocument | undefined> {
    const stored = known.get(key) ?? documents.get(key);
    known.set(key, stored);
    return stored;
  }

  async function stage(key: string, document: unknown): Promise<StoredDocument | undefined> {
    const before = staged.has(key) ? toStaged(key) : undefined;
    const base = await read(key);
    const present = staged.has(key) ? before : base && toLive(base);
    staged.set(key, { base, document });
    return present;
  }

  /** `undefined` also where it is to be deleted. */
  function toStaged(key: string): StoredDocument | undefined {
    const { base, document } = staged.get(key) ?? {};
    if (document === undefined) return undefined;
    return { key, value: document, version: (base && toLive(base)?.version) ?? 0 };
  }

  return {
    async get(key) {
      if (staged.has(key)) return toStaged(key);
      const stored = await read(key);
      return stored === undefined ? undefined : toLive(stored);
    },
    async put(key, value) {
      await stage(key, value);
      return staged.get(key)?.base?.version ?? 0;
    },
    async delete(key) {
      return (await stage(key, undefined)) !== undefined;
    },
    async list(prefix, { after = '', limit = 100 } = {}) {
      const page = await documents.list(prefix, { after, limit });
      const end = page.next;
      const items: StoredDocument[] = page.items.flatMap((stored) => {
        const live = staged.has(stored.key) ? undefined : toLive(stored);
        return live === undefined ? [] : [live];
      });
      for (const key of staged.keys()) {
        if (!key.startsWith(prefix) || key <= after || (end !== undefined && key > end)) continue;
        const live = toStaged(key);
        if (live !== undefined) items.push(live);
      }
      items.sort((one, other) => (one.key < other.key ? -1 : 1));
      return { items, ...(end === undefined ? {} : { next: end }) };
    },
    async prefetch(keys) {
      const missing = keys.filter((key) => !known.has(key));
      const found = await getMany(documents, missing);
      for (const [index, key] of missing.entries()) known.set(key, Promise.resolve(found[index]));
    },
    entries() {
      return Array.from(staged).flatMap(([key, { base, document }]) => {
        const present = base === undefined ? undefined : toLive(base);
        if (present === undefined ? document === undefined : isSame(present.value, document)) return [];
        const previous = base !== undefined && isTagged(base.value) ? base.value.change : 0;
        return [
          {
            key,
            version: base?.version ?? 0,
            ...(document === undefined ? {} : { document }),
            ...(previous > 0 ? { previous } : {}),
          },
        ];
      });
    },
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return other !== undefined && canonicalJson(one) === canonicalJson(other);
}
