import { TulleError } from '../event/error.ts';
import { formatToken, hashToken, type KeyLookup } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { readJson, readOptionalJson } from '../mesh/protocols/json-body.ts';
import { orderOf } from './change-order.ts';
import { documentKeys } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { toETag } from './precondition.ts';
import { requireQuotas } from './quotas.ts';
import { admitKey, admitRotation, type KeyDocument, rotateKey, toKey, toKeyView } from './resources/key.ts';
import type { Methods, Services } from './services.ts';
import { requireCount } from './stage-edits.ts';
import { requireDocument } from './store.ts';

/** Finds keys among the documents: never behind, so that a revoked key is out of the admin API at once. */
export function createKeyLookup(documents: Documents): KeyLookup {
  return async (tenant, keyId) => {
    const stored = await documents.get(documentKeys.key(tenant, keyId));
    return stored === undefined ? undefined : toKey(stored.value as KeyDocument);
  };
}

/** `/v1/admin/keys`. Keys belong to the tenant, so they take an admin of every bus. */
export function keyList(services: Services): Methods {
  const { documents } = services;
  return {
    async GET({ principal, query }) {
      const page = await listPage(documents, documentKeys.keys(principal.tenant), readPageRequest(query));
      return Response.json(
        toList(page, ({ value, version }) => ({ version, document: toKeyView(value as KeyDocument) })),
      );
    },

    async POST(call) {
      return createKey(services, orderOf(call), await readJson(call.request));
    },
  };
}

/** The answer is the only one that ever shows the key. @throws TulleError `resource_invalid`, `limit_reached` */
export async function createKey(
  { publisher, runtime }: Services,
  order: ReturnType<typeof orderOf>,
  input: unknown,
): Promise<Response> {
  const wanted = admitKey(input, runtime.now());
  const { tenant } = order;
  const id = toHex(randomBytes(8));
  const token = createToken(tenant, id);
  const document: KeyDocument = {
    ...wanted,
    id,
    hash: await hashToken(token),
    created: new Date(runtime.now()).toISOString(),
  };
  const { change, sequence } = await publisher.change(order, async (staging) => {
    await requireCount(staging, documentKeys.keys(tenant), keysMax, 'keys');
    await staging.put(documentKeys.key(tenant, id), document);
    await requireQuotas(staging, tenant, [{ kind: 'key', document }]);
  });
  return Response.json(
    { ...toKeyView(document), key: token },
    { status: 201, headers: { etag: toETag(change?.sequence ?? sequence), location: `/v1/admin/keys/${id}` } },
  );
}

/** `/v1/admin/keys/{id}` */
export function keyItem({ documents, publisher }: Services): Methods {
  return {
    async GET({ principal, params }) {
      const id = requireKeyId(params['id'] ?? '');
      const { value, version } = await requireDocument(documents, documentKeys.key(principal.tenant, id), `key ${id}`);
      return Response.json(toKeyView(value as KeyDocument), { headers: { etag: toETag(version) } });
    },

    async DELETE(call) {
      const id = requireKeyId(call.params['id'] ?? '');
      const key = documentKeys.key(call.principal.tenant, id);
      await publisher.change(orderOf(call), async (staging) => {
        await requireDocument(staging, key, `key ${id}`);
        await staging.delete(key);
      });
      return new Response(null, { status: 204 });
    },
  };
}

/** `/v1/admin/keys/{id}/rotate`: a new secret, shown this once; the one of before stays valid for the overlap. */
export function keyRotation({ publisher, runtime }: Services): Methods {
  return {
    async POST(call) {
      const { tenant } = call.principal;
      const id = requireKeyId(call.params['id'] ?? '');
      const overlapSeconds = admitRotation(await readOptionalJson(call.request));
      const token = createToken(tenant, id);
      const hash = await hashToken(token);
      const { result, change, sequence } = await publisher.change(orderOf(call), async (staging) => {
        const key = documentKeys.key(tenant, id);
        const { value } = await requireDocument(staging, key, `key ${id}`);
        const rotated = rotateKey(value as KeyDocument, { hash, overlapSeconds, now: runtime.now() });
        await staging.put(key, rotated);
        return rotated;
      });
      const etag = toETag(change?.sequence ?? sequence);
      return Response.json({ ...toKeyView(result), key: token }, { headers: { etag } });
    },
  };
}

/** Every snapshot carries all keys of its tenant. */
const keysMax = 200;

function requireKeyId(id: string): string {
  if (/^[0-9a-f]{16}$/.test(id)) return id;
  throw new TulleError('request_invalid', 'The address does not hold the id of a key.', {
    place: 'id',
    mend: 'Send the `id` that was answered when the key was created.',
  });
}

function createToken(tenant: string, id: string): string {
  return formatToken(tenant, id, toBase64Url(randomBytes(32)));
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
