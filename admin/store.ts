import { TulleError } from '../event/error.ts';
import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';

/** Reads a document that has to be there. @throws TulleError `not_found` */
export async function requireDocument(documents: Documents, key: string, what: string): Promise<StoredDocument> {
  const stored = await documents.get(key);
  if (stored === undefined) throw new TulleError('not_found', `There is no ${what}.`);
  return stored;
}
