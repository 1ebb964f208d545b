import { TulleError } from '../event/error.ts';
import { operatorKeyId } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { documentKeys } from './document-keys.ts';
import type { Resource, ResourceOrder } from './resource.ts';
import { admitIdentity, type IdentityDocument, issuerOf } from './resources/identity.ts';

/**
 * `/v1/admin/identities/{identity}`: identity providers, whose tokens are taken instead of API keys. They belong to the
 * tenant, so they take an admin of every bus. A pair of issuer and audience belongs to one of them, in the whole
 * installation: from it the tenant of a token is known.
 */
export const identityResource: Resource = {
  kind: 'identity',
  scope: 'tenant',
  comparedBy: 'configure',
  describe: ({ name }) => `identity provider ${name}`,
  prefix: documentKeys.identities,
  most: { count: 20, plural: 'identity providers' },

  async admit(input, order) {
    const { principal, documents, present, address, services } = order;
    const identity = admitIdentity(input, address.name, services.policy);
    requireOperator(identity, order);
    await deletePairs(documents, principal.tenant, present as IdentityDocument | undefined);
    await takePairs(identity, order);
    return identity;
  },

  async checkRemoved(order) {
    const present = order.present as IdentityDocument | undefined;
    if (present !== undefined) requireOperator(present, order);
    await deletePairs(order.documents, order.principal.tenant, present);
  },
};

/** To which identity provider a pair of issuer and audience belongs. */
export interface Pair {
  readonly tenant: string;
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Addresses are long, and keys of documents are short: what they are called is a hash. */
export async function pairKey(issuer: string, audience: string): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([issuer, audience]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return documentKeys.audience(Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/** Whether an identity provider takes tokens of this issuer for this audience. */
export function hasPair(
  identity: IdentityDocument | undefined,
  { issuer, audience }: Omit<Pair, 'tenant' | 'name'>,
): boolean {
  return identity !== undefined && issuerOf(identity) === issuer && identity.audience.includes(audience);
}

/** One that leads into every tenant is nobody's but the operator's: to make, to change and to delete. */
function requireOperator(identity: IdentityDocument, { principal, present }: ResourceOrder): void {
  const { tenantClaim } = (present ?? {}) as Partial<IdentityDocument>;
  if (identity.tenantClaim === undefined && tenantClaim === undefined) return;
  if (principal.keyId === operatorKeyId) return;
  throw new TulleError('permission_denied', "An identity provider with tenantClaim needs the operator's own key.", {
    place: '/tenantClaim',
    mend: 'Leave tenantClaim out, or use the secret TULLE_ADMIN_KEY of the installation.',
  });
}

/**
 * Writes down that its pairs are its own. Two tenants that take the same one at the same moment both get their document;
 * the pair is that of one of them, and no token leads to the other.
 */
async function takePairs(
  identity: IdentityDocument,
  { documents, principal: { tenant, keyId } }: ResourceOrder,
): Promise<void> {
  const { name } = identity;
  const issuer = issuerOf(identity);
  for (const [index, audience] of identity.audience.entries()) {
    const key = await pairKey(issuer, audience);
    const owner = await ownerOf(documents, key);
    if (owner === undefined || (owner.tenant === tenant && owner.name === name)) {
      await documents.put(key, { tenant, name, issuer, audience } satisfies Pair);
      continue;
    }
    const isOwn = owner.tenant === tenant;
    const whose = isOwn ? `the identity provider ${owner.name}` : 'an identity provider of another tenant';
    const told = keyId === operatorKeyId && !isOwn ? ` (${owner.tenant}/${owner.name})` : '';
    throw new TulleError('in_use', `Tokens of this issuer for this audience belong to ${whose}${told}.`, {
      place: `/audience/${index}`,
      mend: 'Have tokens made for an audience of your own, and give that.',
    });
  }
}

/** Leaves alone what is another's by now. */
export async function deletePairs(
  documents: Documents,
  tenant: string,
  identity: IdentityDocument | undefined,
): Promise<void> {
  if (identity === undefined) return;
  for (const audience of identity.audience) {
    const key = await pairKey(issuerOf(identity), audience);
    const pair = (await documents.get(key))?.value as Pair | undefined;
    if (pair?.tenant === tenant && pair.name === identity.name) await documents.delete(key);
  }
}

/** Whoever wrote it down and has it no more, as after a crash, does not own it. */
async function ownerOf(documents: Documents, key: string): Promise<Pair | undefined> {
  const pair = (await documents.get(key))?.value as Pair | undefined;
  if (pair === undefined) return undefined;
  const identity = (await documents.get(documentKeys.identity(pair.tenant, pair.name)))?.value;
  return hasPair(identity as IdentityDocument | undefined, pair) ? pair : undefined;
}
