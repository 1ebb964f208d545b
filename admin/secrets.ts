import { requireAccess } from '../mesh/authentication.ts';
import { readJson } from './body.ts';
import { requireCount } from './buses.ts';
import { documentKeys } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { requireName } from './resources/name.ts';
import { admitSecret, type SecretDocument, toShownSecret } from './resources/secret.ts';
import { sealSecret } from './sealing.ts';
import { requireSecretUnused } from './secret-uses.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireCredentialRoom } from './snapshot-builder.ts';
import { requireDocument, writeDocument } from './store.ts';

/** `/v1/admin/secrets`. Secrets belong to the tenant, so they take an admin of every bus. */
export function secretList({ documents }: Services): Methods {
  return {
    async GET({ principal, query }) {
      requireAccess(principal, 'viewer', '*');
      const page = await listPage(documents, documentKeys.secrets(principal.tenant), readPageRequest(query));
      return Response.json(
        toList(page, ({ value, version }) => ({ version, document: toShownSecret(value as SecretDocument) })),
      );
    },
  };
}

/** `/v1/admin/secrets/{name}` */
export function secretItem({ documents, publisher, vault }: Services): Methods {
  return {
    async GET(call) {
      requireAccess(call.principal, 'viewer', '*');
      const { name, key } = addressOf(call);
      const { value, version } = await requireDocument(documents, key, `secret ${name}`);
      return Response.json(toShownSecret(value as SecretDocument), { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const precondition = readPrecondition(call.request.headers);
      const wanted = admitSecret(await readJson(call.request), name);
      const { document, version, created } = await writeDocument<SecretDocument>(documents, publisher, {
        tenant,
        bus: '*',
        key,
        precondition,
        async build(present) {
          const prefix = documentKeys.secrets(tenant);
          if (present === undefined) await requireCount(documents, prefix, secretsMax, 'secrets');
          const owner = { tenant, kind: 'secret', name } as const;
          const { value: sent } = wanted;
          const { sealed } = await sealSecret(vault, owner, { sent, stored: present?.sealed, place: '/value' });
          const secret = { ...wanted.document, sealed };
          await requireCredentialRoom(documents, tenant, { secret });
          return secret;
        },
      });
      const headers = { etag: toETag(version) };
      return Response.json(toShownSecret(document), { status: created ? 201 : 200, headers });
    },

    async DELETE(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const { version } = await requireDocument(documents, key, `secret ${name}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await requireSecretUnused(documents, tenant, name);
      // A rule that comes in between keeps its name: secrets may also be stored after the rule that names them.
      await publisher.change(tenant, '*', () => documents.delete(key, version));
      return new Response(null, { status: 204 });
    },
  };
}

const secretsMax = 100;

function addressOf({ principal, params }: Call): { name: string; key: string } {
  const name = requireName(params['secret'] ?? '', 'secret');
  return { name, key: documentKeys.secret(principal.tenant, name) };
}
