import { type ErrorItem, TulleError } from '../event/error.ts';
import type { Principal } from '../mesh/authentication.ts';
import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';
import type { KnownConnections } from './admission.ts';
import { findUsableConnections } from './connections.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { findFunctionNames } from './functions.ts';
import { type Precondition, requirePrecondition } from './precondition.ts';
import { requireQuotas } from './quotas.ts';
import { type Address, keyOf, type Resource, type ResourceOrder, type World } from './resource.ts';
import type { Services } from './services.ts';
import { unknownDocument } from './store.ts';
import { throwFaults } from './validation.ts';
import type { Warning } from './warnings.ts';

/** One document that is to be put, or removed. */
export interface Edit {
  readonly resource: Resource;
  readonly address: Address;
  readonly precondition: Precondition;
  /** `restore`: a document as it was stored once. */
  readonly action: { readonly put: unknown } | { readonly restore: object } | 'remove';
  /** Where it stands in the request, for faults; a JSON Pointer, absent where it is the request. */
  readonly place?: string;
}

/** What an edit comes to. */
export interface Edited {
  readonly edit: Edit;
  readonly key: string;
  /** What was there. */
  readonly present: object | undefined;
  /** The version of that; 0 for none. */
  readonly version: number;
  /** What is to be there; absent where it is removed. */
  readonly document?: object;
  /** What of it is most likely not meant. */
  readonly warnings?: readonly Warning[];
}

/**
 * Stages edits of one tenant: all removals, then what is put, in its order. Whether everything goes together is looked at
 * when everything is staged.
 * @throws TulleError of the first edit that cannot be made
 */
export async function stageEdits(
  services: Services,
  principal: Principal,
  documents: Documents,
  edits: readonly Edit[],
): Promise<readonly Edited[]> {
  const { tenant } = principal;
  const world = createWorld(services, principal, documents);
  const faults: ErrorItem[] = [];
  const toOrder = ({ edit, present }: Edited): ResourceOrder => ({
    services,
    principal,
    address: edit.address,
    documents,
    present,
    world,
  });

  /** `undefined` where it cannot be made. */
  async function look(edit: Edit): Promise<Edited | undefined> {
    let looked: Edited | undefined;
    await collect(edit, faults, async () => {
      looked = await lookAt(edit);
    });
    return looked;
  }

  async function lookAt(edit: Edit): Promise<Edited> {
    const { resource, address, action, precondition } = edit;
    const key = keyOf(resource, tenant, address);
    if (action === 'remove') await requireBus(documents, tenant, address.bus);
    const stored = await documents.get(key);
    if (stored === undefined && action === 'remove') {
      throw unknownDocument(key, resource.describe(address));
    }
    requirePrecondition(precondition, stored?.version ?? 0);
    return { edit, key, present: stored?.value as object | undefined, version: stored?.version ?? 0 };
  }

  async function put(one: Edited, action: Exclude<Edit['action'], 'remove'>): Promise<Edited> {
    const { resource, address } = one.edit;
    if (one.present === undefined && resource.most !== undefined) {
      const { count, plural } = resource.most;
      await requireCount(documents, resource.prefix(tenant, address.bus), count, plural);
    }
    const order = toOrder(one);
    const document =
      'put' in action
        ? await resource.admit(action.put, order)
        : await (resource.restore?.(action.restore, order) ?? resource.admit(action.restore, order));
    await documents.put(one.key, document);
    return { ...one, document };
  }

  const looked: Edited[] = [];
  for (let start = 0; start < edits.length; start += readAtOnce) {
    const some = await Promise.all(edits.slice(start, start + readAtOnce).map(look));
    looked.push(...some.filter((one) => one !== undefined));
  }
  throwConflicts(faults);
  throwFaults(faults);
  for (const { edit, key } of looked) if (edit.action === 'remove') await documents.delete(key);
  const edited: Edited[] = [];
  for (const one of looked) {
    const { action } = one.edit;
    if (action === 'remove') edited.push(one);
    else await collect(one.edit, faults, async () => void edited.push(await put(one, action)));
  }
  throwFaults(faults);
  for (const one of edited) {
    if (one.document === undefined)
      await collect(one.edit, faults, async () => one.edit.resource.checkRemoved?.(toOrder(one)));
  }
  const groups = Map.groupBy(edited, ({ edit: { resource, address } }) => `${resource.kind}/${address.bus}`);
  for (const together of groups.values()) {
    const documentsOfGroup = together.flatMap(({ document }) => document ?? []);
    const [first] = together;
    if (first === undefined || documentsOfGroup.length === 0) continue;
    const { resource, address } = first.edit;
    await collect(first.edit, faults, async () => {
      await requireBus(documents, tenant, address.bus);
      await resource.check?.(documentsOfGroup, toOrder(first));
    });
  }
  throwFaults(faults);
  const growths = edited.map(({ edit, present, document }) => ({
    kind: edit.resource.kind,
    present,
    document,
    place: edit.place,
  }));
  await requireQuotas(documents, tenant, growths);
  const warned = new Map<object, readonly Warning[]>();
  for (const together of groups.values()) {
    const put = together.flatMap(({ document }) => document ?? []);
    const [first] = together;
    if (first?.edit.resource.warn === undefined || put.length === 0) continue;
    const warnings = await first.edit.resource.warn(put, toOrder(first));
    for (const [index, document] of put.entries()) warned.set(document, warnings[index] ?? []);
  }
  return edited.map((one) => {
    const warnings = one.document === undefined ? [] : (warned.get(one.document) ?? []);
    return warnings.length === 0 ? one : { ...one, warnings };
  });
}

/** Where an edit stands among others, its faults are kept with their place; where it is alone, it throws them. */
async function collect({ place }: Edit, faults: ErrorItem[], work: () => Promise<void> | undefined): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (place === undefined || !TulleError.is(error) || error.fault !== 'user') throw error;
    for (const item of error.errors ?? [error.toItem()]) {
      if (faults.length < mostFaults) faults.push(placed(item, place));
    }
  }
}

/** Several are one conflict, so that whoever sent them reads everything again. */
function throwConflicts(faults: readonly ErrorItem[]): void {
  const conflicts = faults.filter(({ code }) => code === 'version_conflict');
  if (conflicts.length < 2) return;
  const message = `${conflicts.length} documents are not at the version that was expected.`;
  throw new TulleError('version_conflict', message, { errors: faults });
}

/** Of a set, an edit has its version where a single one has a header. */
function placed(item: ErrorItem, place: string): ErrorItem {
  if (item.code !== 'version_conflict') return { ...item, place: place + toPointer(item.place) };
  const mend = 'Read it again, apply the edit to what is there now, and send the set with its version.';
  return { ...item, place: place.replace(/[^/]+$/, 'version'), mend };
}

/** Some places are names of parts of an address, or `expression:column`. */
function toPointer(place: string | undefined): string {
  if (place === undefined || place === '') return '';
  return place.startsWith('/') ? place : `/${place}`;
}

function createWorld(services: Services, principal: Principal, documents: Documents): World {
  let functions: Promise<ReadonlySet<string>> | undefined;
  let connections: Promise<KnownConnections> | undefined;
  const rules = new Map<string, Promise<readonly StoredDocument[]>>();
  return {
    functions: () => (functions ??= findFunctionNames(services, documents, principal.tenant)),
    connections: () => (connections ??= findUsableConnections(documents, principal)),
    async rules(bus) {
      let found = rules.get(bus);
      if (found === undefined) rules.set(bus, (found = readRules(documents, principal.tenant, bus)));
      return found;
    },
  };
}

async function readRules(documents: Documents, tenant: string, bus: string): Promise<readonly StoredDocument[]> {
  const rules: StoredDocument[] = [];
  for await (const stored of walkDocuments(documents, documentKeys.rules(tenant, bus))) rules.push(stored);
  return rules;
}

/** Resources of a tenant have none. @throws TulleError `bus_not_found` */
export async function requireBus(documents: Documents, tenant: string, bus: string): Promise<void> {
  if (bus === '' || (await documents.get(documentKeys.bus(tenant, bus))) !== undefined) return;
  throw unknownBus(bus);
}

export function unknownBus(bus: string): TulleError {
  return new TulleError('bus_not_found', `There is no bus ${bus}.`, {
    mend: `Create it with PUT /v1/admin/buses/${bus}.`,
  });
}

/** Refuses one more where there are `max`. @throws TulleError `limit_reached` */
export async function requireCount(documents: Documents, prefix: string, max: number, what: string): Promise<void> {
  let count = 0;
  for await (const _document of walkDocuments(documents, prefix)) {
    count += 1;
    if (count < max) continue;
    throw new TulleError('limit_reached', `There are ${max} ${what} already.`, {
      mend: 'Delete one that is no longer needed.',
    });
  }
}

/** Workers allow six connections at once. */
const readAtOnce = 5;
const mostFaults = 100;
