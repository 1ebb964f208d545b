import { type Principal, requireAccess } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports.ts';
import type { KnownConnections } from './admission.ts';
import { readJson } from './body.ts';
import { requireCount } from './buses.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import {
  admitConnection,
  type AdmittedConnection,
  type ConnectionDocument,
  overlapMs,
  toShownConnection,
} from './resources/connection.ts';
import { secretMembers } from './resources/connection-schema.ts';
import { requireName } from './resources/name.ts';
import { sealSecret } from './sealing.ts';
import { requireConnectionUnused } from './secret-uses.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireCredentialRoom } from './snapshot-builder.ts';
import { requireDocument, writeDocument } from './store.ts';
import { faultOf, throwFaults } from './validation.ts';

/** `/v1/admin/connections`. Connections belong to the tenant, so they take an admin of every bus. */
export function connectionList({ documents }: Services): Methods {
  return {
    async GET({ principal, query }) {
      requireAccess(principal, 'viewer', '*');
      const page = await listPage(documents, documentKeys.connections(principal.tenant), readPageRequest(query));
      return Response.json(
        toList(page, ({ value, version }) => ({ version, document: toShownConnection(value as ConnectionDocument) })),
      );
    },
  };
}

/** `/v1/admin/connections/{name}` */
export function connectionItem({
  documents,
  publisher,
  vault,
  connections: support,
  policy,
  runtime,
}: Services): Methods {
  /** What to store: the secret sealed, and the one before it where both are to be used for a while. */
  async function seal(
    tenant: string,
    { document, secret }: AdmittedConnection,
    present: ConnectionDocument | undefined,
  ): Promise<ConnectionDocument> {
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

  return {
    async GET(call) {
      requireAccess(call.principal, 'viewer', '*');
      const { name, key } = addressOf(call);
      const { value, version } = await requireDocument(documents, key, `connection ${name}`);
      return Response.json(toShownConnection(value as ConnectionDocument), { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const precondition = readPrecondition(call.request.headers);
      const wanted = admitConnection(await readJson(call.request), name, { policy, support });
      const { hosts } = wanted.document;
      if (hosts !== undefined) await requireConnectionUnused(documents, tenant, name, hosts);
      let before: ConnectionDocument | undefined;
      const { document, version, created } = await writeDocument<ConnectionDocument>(documents, publisher, {
        tenant,
        bus: '*',
        key,
        precondition,
        async build(present) {
          before = present;
          const prefix = documentKeys.connections(tenant);
          if (present === undefined) await requireCount(documents, prefix, connectionsMax, 'connections');
          const sealed = await seal(tenant, wanted, present);
          await requireCredentialRoom(documents, tenant, { connection: sealed });
          return sealed;
        },
        async confirm(stored) {
          if (hosts === undefined) return;
          try {
            await requireConnectionUnused(documents, tenant, name, hosts);
          } catch (error) {
            // A rule for another host came at the same time: the connection is again what it was.
            if (before === undefined) await documents.delete(key, stored);
            else await documents.put(key, before, stored);
            throw error;
          }
        },
      });
      const headers = { etag: toETag(version) };
      return Response.json(toShownConnection(document), { status: created ? 201 : 200, headers });
    },

    async DELETE(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const { value, version } = await requireDocument(documents, key, `connection ${name}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await requireConnectionUnused(documents, tenant, name);
      await publisher.change(tenant, '*', async () => {
        await documents.delete(key, version);
        try {
          // A rule may have come in between; it looks for its connections once more after its own write.
          await requireConnectionUnused(documents, tenant, name);
        } catch (error) {
          await documents.put(key, value, 0);
          throw error;
        }
      });
      return new Response(null, { status: 204 });
    },
  };
}

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

const connectionsMax = 100;

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

function addressOf({ principal, params }: Call): { name: string; key: string } {
  const name = requireName(params['connection'] ?? '', 'connection');
  return { name, key: documentKeys.connection(principal.tenant, name) };
}
