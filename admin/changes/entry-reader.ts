import type { ChangeEntry } from './change.ts';
import type { Changes } from './changes.ts';

/** What a change did to a document; `undefined` where it did not touch it. */
export type EntryReader = (sequence: number, key: string) => Promise<ChangeEntry | undefined>;

/** For one request. A change is read once for all the documents that are looked for in it: it may have 5,000, and 2 MB. */
export function createEntryReader(changes: Pick<Changes, 'read'>, tenant: string): EntryReader {
  const known = new Map<number, Promise<ReadonlyMap<string, ChangeEntry>>>();

  async function readEntries(sequence: number): Promise<ReadonlyMap<string, ChangeEntry>> {
    const change = await changes.read(tenant, sequence);
    return new Map(change?.entries.map((entry) => [entry.key, entry]));
  }

  return async (sequence, key) => {
    const entries = known.get(sequence) ?? readEntries(sequence);
    known.delete(sequence);
    known.set(sequence, entries);
    const [oldest] = known.keys();
    if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
    return (await entries).get(key);
  };
}

const mostKnown = 4;
