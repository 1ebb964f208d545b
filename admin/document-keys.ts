import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';

/** Where everything lies among the documents. Names hold no slash, so no key is the prefix of a stranger's. */
export const documentKeys = {
  bus: (tenant: string, bus: string) => `bus/${tenant}/${bus}`,
  buses: (tenant: string) => `bus/${tenant}/`,
  rule: (tenant: string, bus: string, rule: string) => `rule/${tenant}/${bus}/${rule}`,
  /** Of one bus, or of all. */
  rules: (tenant: string, bus?: string) => (bus === undefined ? `rule/${tenant}/` : `rule/${tenant}/${bus}/`),
  archive: (tenant: string, bus: string, archive: string) => `archive/${tenant}/${bus}/${archive}`,
  archives: (tenant: string, bus?: string) => (bus === undefined ? `archive/${tenant}/` : `archive/${tenant}/${bus}/`),
  connectors: (tenant: string, bus: string) => `connector/${tenant}/${bus}/`,
  connectorsOf: (tenant: string) => `connector/${tenant}/`,
  allConnectors: 'connector/',
  key: (tenant: string, id: string) => `key/${tenant}/${id}`,
  keys: (tenant: string) => `key/${tenant}/`,
  function: (tenant: string, name: string) => `function/${tenant}/${name}`,
  functions: (tenant: string) => `function/${tenant}/`,
  connection: (tenant: string, name: string) => `connection/${tenant}/${name}`,
  connections: (tenant: string) => `connection/${tenant}/`,
  allConnections: 'connection/',
  secret: (tenant: string, name: string) => `secret/${tenant}/${name}`,
  secrets: (tenant: string) => `secret/${tenant}/`,
  allSecrets: 'secret/',
  identity: (tenant: string, name: string) => `identity/${tenant}/${name}`,
  identities: (tenant: string) => `identity/${tenant}/`,
  /** To whom a pair of issuer and audience belongs, in the whole installation. */
  audience: (hash: string) => `audience/${hash}`,
  schema: (tenant: string, name: string) => `schema/${tenant}/${name}`,
  schemas: (tenant: string) => `schema/${tenant}/`,
  /** What discovery has learnt; `id` is made of the type. */
  discoveredType: (tenant: string, bus: string, id: string) => `discovered/${tenant}/${bus}/${id}`,
  discovered: (tenant: string, bus: string) => `discovered/${tenant}/${bus}/`,
  /** Beside `default`. */
  tenant: (tenant: string) => `tenant/${tenant}`,
  tenants: 'tenant/',
  /** What is left to do of a tenant that is being deleted. */
  removal: (tenant: string) => `removal/${tenant}`,
  removals: 'removal/',
  snapshot: (tenant: string, bus: string) => `snapshot/${tenant}/${bus}`,
  /** Padded, so that a list is in their order. */
  change: (tenant: string, sequence: number) => `change/${tenant}/${String(sequence).padStart(12, '0')}`,
  changes: (tenant: string) => `change/${tenant}/`,
  head: (tenant: string) => `head/${tenant}`,
  allHeads: 'head/',
};

/** Every document below a prefix, page by page. */
export async function* walkDocuments(documents: Documents, prefix: string): AsyncGenerator<StoredDocument> {
  for await (const page of walkPages(documents, prefix)) yield* page;
}

/** The same for whoever takes them all: one by one costs a turn for each. */
export async function* walkPages(documents: Documents, prefix: string): AsyncGenerator<readonly StoredDocument[]> {
  let after: string | undefined;
  do {
    const page = await documents.list(prefix, { limit: 100, ...(after === undefined ? {} : { after }) });
    yield page.items;
    after = page.next;
  } while (after !== undefined);
}
