import { TulleError } from '../event/error.ts';
import type { Principal } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { type Precondition, requirePrecondition } from './precondition.ts';
import { type Address, keyOf, type Resource, type ResourceOrder } from './resource.ts';
import type { Services } from './services.ts';

/** One document that is to be put, or removed. */
export interface Edit {
  readonly resource: Resource;
  readonly address: Address;
  readonly precondition: Precondition;
  readonly action: { readonly put: unknown } | 'remove';
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
  const toOrder = ({ edit, present }: Edited): ResourceOrder => ({
    services,
    principal,
    address: edit.address,
    documents,
    present,
  });

  async function look(edit: Edit): Promise<Edited> {
    const { resource, address, action, precondition } = edit;
    const key = keyOf(resource, tenant, address);
    if (action === 'remove') await requireBus(documents, tenant, address.bus);
    const stored = await documents.get(key);
    if (stored === undefined && action === 'remove') {
      throw new TulleError('not_found', `There is no ${resource.describe(address)}.`);
    }
    requirePrecondition(precondition, stored?.version ?? 0);
    return { edit, key, present: stored?.value as object | undefined, version: stored?.version ?? 0 };
  }

  const looked: Edited[] = [];
  for (const edit of edits) looked.push(await look(edit));
  for (const { edit, key } of looked) if (edit.action === 'remove') await documents.delete(key);
  const edited: Edited[] = [];
  for (const one of looked) {
    const { resource, address, action } = one.edit;
    if (action === 'remove') {
      edited.push(one);
      continue;
    }
    if (one.present === undefined && resource.most !== undefined) {
      const { count, plural } = resource.most;
      await requireCount(documents, resource.prefix(tenant, address.bus), count, plural);
    }
    const document = await resource.admit(action.put, toOrder(one));
    await documents.put(one.key, document);
    edited.push({ ...one, document });
  }
  for (const one of edited) {
    const { resource, address } = one.edit;
    if (one.document === undefined) await resource.checkRemoved?.(toOrder(one));
    else {
      await requireBus(documents, tenant, address.bus);
      await resource.check?.(one.document, toOrder(one));
    }
  }
  return edited;
}

/** Resources of a tenant have none. @throws TulleError `bus_not_found` */
export async function requireBus(documents: Documents, tenant: string, bus: string): Promise<void> {
  if (bus === '' || (await documents.get(documentKeys.bus(tenant, bus))) !== undefined) return;
  throw new TulleError('bus_not_found', `There is no bus ${bus}.`, {
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
