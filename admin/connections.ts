import type { Principal } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { KnownConnections } from './admission.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import type { Resource, ResourceOrder } from './resource.ts';
import {
  admitConnection,
  type AdmittedConnection,
  type ConnectionDocument,
  overlapMs,
  toShownConnection,
} from './resources/connection.ts';
import { secretMembers } from './resources/connection-schema.ts';
import { sealSecret } from './sealing.ts';
import { requireConnectionUnused } from './secret-uses.ts';
import { requireCredentialRoom } from './snapshot-builder.ts';
import { faultOf, throwFaults } from './validation.ts';

/** `/v1/admin/connections/{name}`. Connections belong to the tenant, so they take an admin of every bus. */
export const connectionResource: Resource = {
  kind: 'connection',
  scope: 'tenant',
  comparedBy: 'configure',
  describe: ({ name }) => `connection ${name}`,
  prefix: documentKeys.connections,
  most: { count: 100, plural: 'connections' },
  show: (document) => toShownConnection(document as ConnectionDocument),

  async admit(input, order) {
    const { policy, connections: support } = order.services;
    return seal(admitConnection(input, order.address.name, { policy, support }), order);
  },

  restore: async (document) => document,

  async check(put, { principal: { tenant }, documents }) {
    const connections = put as readonly ConnectionDocument[];
    for (const { name, hosts } of connections) {
      if (hosts !== undefined) await requireConnectionUnused(documents, tenant, name, hosts);
    }
    const [connection] = connections;
    if (connection !== undefined) await requireCredentialRoom(documents, tenant, { connection });
  },

  async checkRemoved({ principal, address, documents }) {
    await requireConnectionUnused(documents, principal.tenant, address.name);
  },
};

/**
 * The connections that a rule may name, with the hosts that each may be used for. An admin of some buses, who may not read
 * connections, must not lead their credentials to any host: those that name none are for nobody but an admin of all.
 */
export async function findUsableConnections(
  documents: Documents,
  { tenant, buses }: Principal,
): Promise<KnownConnections> {
  const found = new Map<string, readonly string[] | undefined>();
  const isLimited = !buses.includes('*');
  for await (const { value } of walkDocuments(documents, documentKeys.connections(tenant))) {
    const { name, hosts } = value as ConnectionDocument;
    found.set(name, isLimited ? (hosts ?? []) : hosts);
  }
  return found;
}

/**
 * Where the stored secret may not stay: one that only its writer knows must not be led elsewhere by somebody who was not
 * told, and one that was checked as base64 is none in another encoding.
 */
function requireSameUse({ scheme }: AdmittedConnection['document'], present: ConnectionDocument | undefined): void {
  const before = present?.scheme;
  if (scheme.kind === 'oauth2' && before?.kind === 'oauth2' && scheme.tokenUrl !== before.tokenUrl) {
    const mend = 'Another tokenUrl takes the secret anew.';
    throwFaults([faultOf('/oauth2/clientSecret', 'clientSecret is missing.', mend)]);
  }
  if (scheme.kind === 'hmac' && before?.kind === 'hmac' && scheme.secretEncoding !== before.secretEncoding) {
    const mend = 'Another secretEncoding takes the secret anew.';
    throwFaults([faultOf('/hmac/secret', 'secret is missing.', mend)]);
  }
}

/** Whether the former secret means the same under the new settings. */
function isAlike({ scheme }: AdmittedConnection['document'], { scheme: before }: ConnectionDocument): boolean {
  return scheme.kind !== 'hmac' || before.kind !== 'hmac' || scheme.secretEncoding === before.secretEncoding;
}

/** What to store: the secret sealed, and the one before it where both are to be used for a while. */
async function seal(
  { document, secret }: AdmittedConnection,
  { services: { vault, runtime }, principal: { tenant }, ...order }: ResourceOrder,
): Promise<ConnectionDocument> {
  const present = order.present as ConnectionDocument | undefined;
  const { scheme, name } = document;
  const member = secretMembers[scheme.kind];
  if (member === undefined) return document;
  const same = present?.scheme.kind === scheme.kind ? present : undefined;
  if (secret === undefined) requireSameUse(document, same);
  const owner = { tenant, kind: 'connection', name } as const;
  const place = `/${scheme.kind}/${member}`;
  const { sealed, changed } = await sealSecret(vault, owner, { sent: secret, stored: same?.sealed, place });
  const now = runtime.now();
  const until = now + overlapMs(document);
  if (same?.sealed === undefined || !isAlike(document, same)) return { ...document, sealed };
  if (changed && until > now) {
    return { ...document, sealed, former: { sealed: same.sealed, until } };
  }
  // A repeated request keeps the overlap that is under way.
  const former = changed || same.former === undefined || same.former.until <= now ? {} : { former: same.former };
  return { ...document, sealed, ...former };
}
