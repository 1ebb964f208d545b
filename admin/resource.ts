import type { Principal } from '../mesh/authentication.ts';
import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';
import type { KnownConnections } from './admission.ts';
import type { Services } from './services.ts';
import type { Warning } from './warnings.ts';

/** One kind of configuration: how its documents are checked, stored and shown. What is common to all is in the endpoint. */
export interface Resource {
  readonly kind: string;
  /** Resources of a tenant take an admin of every bus, those of a bus one of that bus. */
  readonly scope: 'bus' | 'tenant';
  /** What a reader calls it, such as `rule to-crm on the bus orders`. */
  describe(address: Address): string;
  /** Where its documents lie. */
  prefix(tenant: string, bus: string): string;
  /** So many may lie there. */
  readonly most?: { readonly count: number; readonly plural: string };
  /** The bus whose own document this is, and which need not be there before. */
  readonly isBus?: true;
  /**
   * What to store, from what was sent to its address and from what is there.
   * @throws TulleError with every fault
   */
  admit(input: unknown, order: ResourceOrder): Promise<object>;
  /** What to store to have it again as it was stored once, where `admit` does not take what is stored. */
  restore?(document: object, order: ResourceOrder): Promise<object>;
  /** Whether what was put of one bus, or of the tenant, goes together with everything else, when that is staged. @throws TulleError */
  check?(documents: readonly object[], order: ResourceOrder): Promise<void>;
  /** What of those that were put is most likely not meant, in their order, when everything is staged. */
  warn?(documents: readonly object[], order: ResourceOrder): Promise<readonly (readonly Warning[])[]>;
  /** Whether nothing else needs what is gone, when everything is staged. @throws TulleError `in_use` */
  checkRemoved?(order: ResourceOrder): Promise<void>;
  /** What may be shown of it; absent where that is all. */
  show?(document: object): object;
  /** Only who may change it may compare it: whether a document is the same tells more than is shown of it. */
  readonly comparedBy?: 'configure';
}

export interface Address {
  readonly name: string;
  /** Empty for resources of a tenant. */
  readonly bus: string;
}

/** One document to put or to remove, among everything that changes with it. */
export interface ResourceOrder {
  readonly services: Services;
  readonly principal: Principal;
  readonly address: Address;
  /** As everything will be after the change. */
  readonly documents: Documents;
  /** What is stored there now. */
  readonly present: object | undefined;
  readonly world: World;
}

/** What many resources of a change look up, read once; it is first asked for when that is staged. */
export interface World {
  /** The functions that a rule may call. */
  functions(): Promise<ReadonlySet<string>>;
  connections(): Promise<KnownConnections>;
  /** All of a bus, when everything is staged. */
  rules(bus: string): Promise<readonly StoredDocument[]>;
}

export function keyOf(resource: Resource, tenant: string, { bus, name }: Address): string {
  return `${resource.prefix(tenant, bus)}${name}`;
}

/** The bus that an admin has to be for; `*` for what every bus shares. */
export function accessOf(resource: Resource, { bus, name }: Address): string {
  if (resource.isBus === true) return name;
  return resource.scope === 'bus' ? bus : '*';
}

export function show(resource: Resource, document: object): object {
  return resource.show?.(document) ?? document;
}
