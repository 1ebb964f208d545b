import { TulleError } from '../event/error.ts';
import type { Documents, DocumentWrite, StoredDocument } from './ports/documents.ts';

/** As `get` of each, in as few calls as the store has them. */
export async function getMany(
  documents: Documents,
  keys: readonly string[],
): Promise<readonly (StoredDocument | undefined)[]> {
  if (documents.getMany !== undefined) return documents.getMany(keys);
  return inSteps(keys, (key) => documents.get(key));
}

/** As `put` of each, in as few calls as the store has them; answers which of them held. */
export async function putMany(documents: Documents, writes: readonly DocumentWrite[]): Promise<readonly boolean[]> {
  if (documents.putMany !== undefined) return documents.putMany(writes);
  return inSteps(writes, async ({ key, value, expectedVersion }) => {
    try {
      await documents.put(key, value, expectedVersion);
      return true;
    } catch (error) {
      if (!TulleError.is(error) || error.code !== 'version_conflict') throw error;
      return false;
    }
  });
}

/** Workers allow six connections at once. */
const atOnce = 5;

async function inSteps<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += atOnce) {
    results.push(...(await Promise.all(items.slice(start, start + atOnce).map(work))));
  }
  return results;
}
