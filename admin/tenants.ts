import { TulleError } from '../event/error.ts';
import { defaultTenant } from '../mesh/authentication.ts';
import { readJson } from '../mesh/protocols/json-body.ts';
import { orderOf } from './change-order.ts';
import { documentKeys } from './document-keys.ts';
import { createKey } from './keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { requireName } from './resources/name.ts';
import { admitTenant } from './resources/tenant.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireDocument } from './store.ts';

/** `/v1/admin/tenants`: those beside `default`, for the operator's own key. */
export function tenantList({ documents }: Services): Methods {
  return {
    async GET({ query }) {
      const page = await listPage(documents, documentKeys.tenants, readPageRequest(query));
      return Response.json(toList(page, ({ value, version }) => ({ version, document: value })));
    },
  };
}

/** `/v1/admin/tenants/{tenant}` */
export function tenantItem({ documents }: Services): Methods {
  return {
    async GET(call) {
      const { name, key } = addressOf(call);
      const { value, version } = await requireDocument(documents, key, `tenant ${name}`);
      return Response.json(value, { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      const { name, key } = addressOf(call);
      const precondition = readPrecondition(call.request.headers);
      const tenant = admitTenant(await readJson(call.request), name);
      const version = (await documents.get(key))?.version ?? 0;
      requirePrecondition(precondition, version);
      const written = await documents.put(key, tenant, version);
      return Response.json(tenant, { status: version === 0 ? 201 : 200, headers: { etag: toETag(written) } });
    },
  };
}

/** `/v1/admin/tenants/{tenant}/keys`: a tenant's first key is made here, the others by its own admins. */
export function tenantKeys(services: Services): Methods {
  return {
    async POST(call) {
      const { name, key } = addressOf(call);
      await requireDocument(services.documents, key, `tenant ${name}`);
      return createKey(services, { ...orderOf(call), tenant: name }, await readJson(call.request));
    },
  };
}

function addressOf({ params }: Call): { readonly name: string; readonly key: string } {
  const name = requireName(params['tenant'] ?? '', 'tenant');
  if (name !== defaultTenant) return { name, key: documentKeys.tenant(name) };
  throw new TulleError(
    'request_invalid',
    `The tenant ${defaultTenant} is there already, with the operator's own key.`,
    {
      place: 'tenant',
      mend: 'Give another name.',
    },
  );
}
