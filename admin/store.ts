import { TulleError } from '../event/error.ts';
import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';

/** Reads a document that has to be there. @throws TulleError `not_found` */
export async function requireDocument(documents: Documents, key: string, what: string): Promise<StoredDocument> {
  const stored = await documents.get(key);
  if (stored === undefined) throw unknownDocument(key, what);
  return stored;
}

/** By its key, of which the first part is its kind. */
export function unknownDocument(key: string, what: string): TulleError {
  const [kind = ''] = key.split('/', 1);
  return new TulleError('not_found', `There is no ${what}.`, {
    mend: `GET /v1/admin/${lists[kind] ?? 'status'} lists what there is.`,
  });
}

const lists: Readonly<Record<string, string>> = {
  bus: 'buses',
  rule: 'buses/{bus}/rules',
  archive: 'buses/{bus}/archives',
  connector: 'buses/{bus}/connectors',
  discovered: 'buses/{bus}/discovered',
  connection: 'connections',
  function: 'functions',
  identity: 'identities',
  key: 'keys',
  schema: 'schemas',
  secret: 'secrets',
  tenant: 'tenants',
};
