import { TulleError } from '../event/error.ts';
import { documentMaxBytes, type Documents, type StoredDocument } from '../mesh/ports/documents.ts';
import type { EventSchema, Snapshot } from '../mesh/snapshot.ts';
import { toRule } from './admission.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { readQuotas } from './quotas.ts';
import { type ArchiveDocument, toArchiveSettings } from './resources/archive.ts';
import { type BusDocument, toBusSettings } from './resources/bus.ts';
import { type ConnectionDocument, toConnectionSettings } from './resources/connection.ts';
import { type FunctionDocument, toFunctionSettings } from './resources/function.ts';
import { type KeyDocument, toKey } from './resources/key.ts';
import type { RuleDocument } from './resources/rule.ts';
import { type SecretDocument, toSealedSecret } from './resources/secret.ts';
import { type SchemaDocument, toEventSchema } from './resources/schema.ts';

/** A snapshot as it is built: its version and time come from storing it. */
export type SnapshotContent = Omit<Snapshot, 'version' | 'publishedAt'>;

/** Reads everything that one bus's snapshot is made of; `undefined` when there is no such bus. */
export async function buildSnapshot(
  documents: Documents,
  tenant: string,
  bus: string,
): Promise<SnapshotContent | undefined> {
  const stored = await documents.get(documentKeys.bus(tenant, bus));
  if (stored === undefined) return undefined;
  const settings = toBusSettings(stored.value as BusDocument);
  const read = (prefix: string): Promise<StoredDocument[]> => readAll(documents, prefix);
  const [{ eventsPerSecond }, rules, keys, archives, functions, connections, secrets, schemas] = await Promise.all([
    readQuotas(documents, tenant),
    read(documentKeys.rules(tenant, bus)).then((all) =>
      all.map(({ value, version }) => toRule(value as RuleDocument, version)),
    ),
    read(documentKeys.keys(tenant)).then((all) => all.map(({ value }) => toKey(value as KeyDocument))),
    read(documentKeys.archives(tenant, bus)).then((all) =>
      all.map(({ value }) => toArchiveSettings(value as ArchiveDocument)),
    ),
    read(documentKeys.functions(tenant)).then((all) =>
      all.map(({ value }) => toFunctionSettings(value as FunctionDocument)),
    ),
    read(documentKeys.connections(tenant)).then((all) =>
      all.map(({ value, version }) => toConnectionSettings(value as ConnectionDocument, version)),
    ),
    read(documentKeys.secrets(tenant)).then((all) => all.map(({ value }) => toSealedSecret(value as SecretDocument))),
    settings.schemas === undefined ? [] : read(documentKeys.schemas(tenant)).then(toUsedSchemas),
  ]);
  return {
    tenant,
    bus,
    settings,
    ...(eventsPerSecond === undefined ? {} : { eventsPerSecond }),
    rules,
    keys,
    ...(archives.length === 0 ? {} : { archives }),
    ...(functions.length === 0 ? {} : { functions }),
    ...(schemas.length === 0 ? {} : { schemas }),
    ...(connections.length === 0 ? {} : { connections }),
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

async function readAll(documents: Documents, prefix: string): Promise<StoredDocument[]> {
  const all: StoredDocument[] = [];
  for await (const stored of walkDocuments(documents, prefix)) all.push(stored);
  return all;
}

function toUsedSchemas(stored: readonly StoredDocument[]): EventSchema[] {
  return stored
    .map(({ value }) => toEventSchema(value as SchemaDocument))
    .filter(({ versions }) => versions.length > 0);
}

/** Refuses rules with which the bus's snapshot would not fit into a document. @throws TulleError `too_large` */
export function requireRoom(rules: readonly StoredDocument[]): void {
  // The versions of those that are put are not known yet.
  const bytes = rules.reduce(
    (sum, { value, version }) => sum + versionBytes + bytesOf(toRule(value as RuleDocument, version)),
    0,
  );
  if (bytes <= rulesMaxBytes) return;
  throw new TulleError('too_large', `The rules of the bus would take ${bytes} bytes; they may take ${rulesMaxBytes}.`, {
    mend: 'Make the rules smaller, remove some, or spread them over several buses.',
  });
}

/** Refuses an archive with which the bus's archives would not fit beside the rest. @throws TulleError `too_large` */
export async function requireArchiveRoom(
  documents: Documents,
  tenant: string,
  archive: ArchiveDocument,
): Promise<void> {
  let bytes = bytesOf(toArchiveSettings(archive));
  for await (const { value } of walkDocuments(documents, documentKeys.archives(tenant, archive.bus))) {
    const other = value as ArchiveDocument;
    if (other.name !== archive.name) bytes += bytesOf(toArchiveSettings(other));
  }
  if (bytes <= archivesMaxBytes) return;
  throw new TulleError('too_large', `The archives would take ${bytes} bytes; they may take ${archivesMaxBytes}.`, {
    mend: 'Make their filters smaller, or delete one that is no longer needed.',
  });
}

/** Refuses a function with which the tenant's functions would not fit beside rules and keys. @throws TulleError `too_large` */
export async function requireFunctionRoom(
  documents: Documents,
  tenant: string,
  document: FunctionDocument,
): Promise<void> {
  let bytes = bytesOf(toFunctionSettings(document));
  for await (const { value } of walkDocuments(documents, documentKeys.functions(tenant))) {
    const other = value as FunctionDocument;
    if (other.name !== document.name) bytes += bytesOf(toFunctionSettings(other));
  }
  if (bytes <= functionsMaxBytes) return;
  throw new TulleError('too_large', `The functions would take ${bytes} bytes; they may take ${functionsMaxBytes}.`, {
    mend: 'Shorten their descriptions and URLs, or delete some.',
  });
}

/** Refuses a schema with which the tenant's schemas would not fit beside the rest. @throws TulleError `too_large` */
export async function requireSchemaRoom(documents: Documents, tenant: string, document: SchemaDocument): Promise<void> {
  let bytes = bytesOf(toEventSchema(document));
  for await (const { value } of walkDocuments(documents, documentKeys.schemas(tenant))) {
    const other = value as SchemaDocument;
    if (other.name !== document.name) bytes += bytesOf(toEventSchema(other));
  }
  if (bytes <= schemasMaxBytes) return;
  throw new TulleError('too_large', `The schemas would take ${bytes} bytes; they may take ${schemasMaxBytes}.`, {
    mend: 'Make the schema smaller, or delete one that is no longer needed.',
  });
}

/** Refuses what the tenant's connections and secrets would not fit with beside the rest. @throws TulleError `too_large` */
export async function requireCredentialRoom(
  documents: Documents,
  tenant: string,
  { connection, secret }: { readonly connection?: ConnectionDocument; readonly secret?: SecretDocument },
): Promise<void> {
  let bytes = connection === undefined ? 0 : bytesOf(toConnectionSettings(connection, Number.MAX_SAFE_INTEGER));
  if (secret !== undefined) bytes += bytesOf(toSealedSecret(secret));
  for await (const { value, version } of walkDocuments(documents, documentKeys.connections(tenant))) {
    const other = value as ConnectionDocument;
    if (other.name !== connection?.name) bytes += bytesOf(toConnectionSettings(other, version));
  }
  for await (const { value } of walkDocuments(documents, documentKeys.secrets(tenant))) {
    const other = value as SecretDocument;
    if (other.name !== secret?.name) bytes += bytesOf(toSealedSecret(other));
  }
  if (bytes <= credentialsMaxBytes) return;
  const most = credentialsMaxBytes;
  throw new TulleError('too_large', `Connections and secrets would take ${bytes} bytes; they may take ${most}.`, {
    mend: 'Delete those that are no longer needed.',
  });
}

/** All versions of all schemas: the mesh has them at hand. */
const schemasMaxBytes = 300_000;
const functionsMaxBytes = 80_000;
/** What a version of a rule may be longer by than the one before. */
const versionBytes = 4;
const archivesMaxBytes = 40_000;
const credentialsMaxBytes = 100_000;
/** For keys: 200 of them, each for 20 buses with the longest names and with two earlier secrets, take 341,000. */
const keysMaxBytes = 350_000;
const rulesMaxBytes =
  documentMaxBytes - keysMaxBytes - functionsMaxBytes - archivesMaxBytes - schemasMaxBytes - credentialsMaxBytes;

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length + 1;
}
