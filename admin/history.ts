import { TulleError } from '../event/error.ts';
import { type Change, type ChangeEntry, isIntact } from './changes/change.ts';
import type { Settled } from './changes/changes.ts';
import { createEntryReader, type EntryReader } from './changes/entry-reader.ts';
import { documentKeys } from './document-keys.ts';
import { type Address, keyOf, type Resource, show } from './resource.ts';
import { readKey, showStored } from './resources-table.ts';
import type { Call, Methods, Services } from './services.ts';
import { unknownDocument } from './store.ts';

/** `/v1/admin/changes`: what was changed, newest first, and by whom. */
export function changeList(services: Services): Methods {
  return { GET: ({ principal, query }) => answerChanges(services, principal.tenant, query) };
}

export async function answerChanges(
  { publisher: { changes } }: Pick<Services, 'publisher'>,
  tenant: string,
  query: URLSearchParams,
): Promise<Response> {
  const limit = readNumber(query, 'limit', 50, 100);
  const { sequence } = await changes.settle(tenant);
  const from = Math.min(readNumber(query, 'cursor', sequence + 1, Number.MAX_SAFE_INTEGER), sequence + 1) - 1;
  const numbers = Array.from({ length: Math.min(limit, from) }, (_, index) => from - index);
  const items: object[] = [];
  // One after the other: a change may take 2 MB.
  for (const number of numbers) {
    const change = await changes.read(tenant, number);
    if (change !== undefined) items.push(toSummary(change));
  }
  const last = numbers.at(-1) ?? 1;
  return Response.json({ items, ...(last > 1 ? { next: String(last) } : {}) });
}

/** `/v1/admin/changes/{change}`: each document before and after it, and whether it has the hash that it had when it was made. */
export function changeItem({ publisher: { changes } }: Services): Methods {
  return {
    async GET({ principal, params }) {
      const sequence = /^[1-9][0-9]{0,11}$/.test(params['change'] ?? '') ? Number(params['change']) : 0;
      const change = await changes.read(principal.tenant, sequence);
      if (change === undefined) throw unknownChange('There is no change of this number.');
      const readEntry = createEntryReader(changes, principal.tenant);
      const entries: object[] = [];
      for (const entry of change.entries.filter(isShown)) {
        const { previous = 0 } = entry;
        const before = previous === 0 ? undefined : await readEntry(previous, entry.key);
        entries.push({ ...toView(entry, before), previous });
      }
      // Here, because nobody outside is shown the secrets and hashes of keys that the hash is made over.
      const intact = await isIntact(change, change.previousHash);
      return Response.json({ ...toSummary(change), intact, entries });
    },
  };
}

/** Every version of one document, newest first: also of one that is deleted by now. */
export async function answerHistory(
  services: Services,
  resource: Resource,
  address: Address,
  call: Call,
): Promise<Response> {
  const { tenant } = call.principal;
  const key = keyOf(resource, tenant, address);
  const limit = readNumber(call.query, 'limit', 50, 100);
  const cursor = readNumber(call.query, 'cursor', 0, Number.MAX_SAFE_INTEGER);
  const items: object[] = [];
  const { changes } = services.publisher;
  const readEntry = createEntryReader(changes, tenant);
  const { sequence: newest } = await changes.settle(tenant);
  let version = cursor > 0 ? cursor : await lastVersion(services, { key, newest, readEntry });
  while (version > 0 && items.length < limit) {
    const change = await changes.read(tenant, version);
    const entry = change?.entries.find((candidate) => candidate.key === key);
    if (change === undefined || entry === undefined) break;
    const { at, by, why } = change;
    items.push({
      version,
      at,
      by,
      ...(why === undefined ? {} : { why }),
      ...(entry.document === undefined ? {} : { document: show(resource, entry.document as object) }),
    });
    version = entry.previous ?? 0;
  }
  if (items.length === 0 && cursor === 0) throw unknownDocument(key, resource.describe(address));
  return Response.json({ items, ...(version > 0 ? { next: String(version) } : {}) });
}

/** Documents as they were; for one request, which may ask for thousands. */
export interface Past {
  /** As it was after the change `sequence`; `undefined` where there was none then. @throws TulleError `not_found` */
  documentAt(key: string, sequence: number): Promise<object | undefined>;
}

export function createPast(services: Services, tenant: string): Past {
  const { changes } = services.publisher;
  const readEntry = createEntryReader(changes, tenant);
  let settled: Promise<Settled> | undefined;
  return {
    async documentAt(key, sequence) {
      const newest = (await (settled ??= changes.settle(tenant))).sequence;
      if (sequence > newest) throw unknownChange('There is no change of this number yet.');
      for (let version = await lastVersion(services, { key, newest, readEntry }); version > 0;) {
        const entry = await readEntry(version, key);
        if (version <= sequence) return entry?.document as object | undefined;
        version = entry?.previous ?? 0;
      }
      return undefined;
    },
  };
}

/** The last change that wrote a document, or deleted it; 0 where none is known. */
async function lastVersion(
  { documents }: Pick<Services, 'documents'>,
  { key, newest, readEntry }: { readonly key: string; readonly newest: number; readonly readEntry: EntryReader },
): Promise<number> {
  const present = await documents.get(key);
  if (present !== undefined) return present.version;
  const oldest = Math.max(1, newest - mostSearched);
  for (let version = newest; version >= oldest; version -= 1) {
    if ((await readEntry(version, key)) !== undefined) return version;
  }
  return 0;
}

function toSummary({ sequence, at, by, why, operation, entries, previousHash, hash }: Change): object {
  return {
    change: sequence,
    at,
    by,
    ...(why === undefined ? {} : { why }),
    ...(operation === undefined ? {} : { operation }),
    entries: entries.filter(isShown).map((entry) => toAddressView(entry)),
    previousHash,
    hash,
  };
}

/** To whom an audience belongs is in the identity provider itself, and what a removal has left to do is no configuration. */
function isShown({ key }: ChangeEntry): boolean {
  return !key.startsWith(documentKeys.audience('')) && !key.startsWith(documentKeys.removals);
}

function toAddressView({ key, document, previous }: ChangeEntry): object {
  const { kind, bus, name } = readKey(key) ?? { kind: 'unknown', bus: '', name: key };
  const action = document === undefined ? 'deleted' : previous === undefined ? 'created' : 'changed';
  return { action, kind, ...(bus === '' ? {} : { bus }), name };
}

function toView(entry: ChangeEntry, before: ChangeEntry | undefined): object {
  const kind = readKey(entry.key)?.kind ?? '';
  const shown = (document: unknown): object => showStored(kind, document as object);
  return {
    ...toAddressView(entry),
    ...(before?.document === undefined ? {} : { before: shown(before.document) }),
    ...(entry.document === undefined ? {} : { after: shown(entry.document) }),
  };
}

function readNumber(query: URLSearchParams, name: string, absent: number, most: number): number {
  const text = query.get(name);
  if (text === null) return absent;
  const value = /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new TulleError('request_invalid', `${name} is not a number that can be used here.`, {
    place: name,
    mend: most <= 100 ? `Give a number from 1 to ${most}.` : 'Send the `next` of the page before.',
  });
}

/** Changes that are looked through for what is deleted. */
const mostSearched = 1_000;

function unknownChange(message: string): TulleError {
  return new TulleError('not_found', message, { mend: 'GET /v1/admin/changes lists them, newest first.' });
}
