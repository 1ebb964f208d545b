import { TulleError } from '../event/error.ts';
import { defaultTenant } from '../mesh/authentication.ts';
import type { StoredDocument } from '../mesh/ports/documents.ts';
import { readJson } from '../mesh/protocols/json-body.ts';
import { orderOf } from './change-order.ts';
import { documentKeys } from './document-keys.ts';
import { answerChanges } from './history.ts';
import { createKey } from './keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { requireName } from './resources/name.ts';
import { admitTenant, type FormerTenant, isTenant } from './resources/tenant.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireDocument } from './store.ts';
import { readUsageView } from './usage.ts';

/** `/v1/admin/tenants`: those beside `default`, for the operator's own key. */
export function tenantList({ documents }: Services): Methods {
  return {
    async GET({ query }) {
      const page = await listPage(documents, documentKeys.tenants, readPageRequest(query));
      return Response.json(toList(page, ({ value, version }) => ({ version, document: value })));
    },
  };
}

/** `/v1/admin/tenants/{tenant}`. Changes are in the tenant's own history. */
export function tenantItem({ documents, publisher, removal }: Services): Methods {
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
      const { result, change } = await publisher.change({ ...orderOf(call), tenant: name }, async (staging) => {
        const present = await staging.get(key);
        if (present !== undefined) requireAlive(present);
        requirePrecondition(precondition, present?.version ?? 0);
        await staging.put(key, tenant);
        return present;
      });
      const etag = toETag(change?.sequence ?? result?.version ?? 0);
      return Response.json(tenant, { status: result === undefined ? 201 : 200, headers: { etag } });
    },

    /** Says the name twice, since nothing of it comes back. What is left to be done is done by the clock. */
    async DELETE(call) {
      const { name, key } = addressOf(call);
      const precondition = readPrecondition(call.request.headers);
      if (call.query.get('confirm') !== name) {
        throw new TulleError('request_invalid', 'Everything of the tenant would be gone for good.', {
          place: 'confirm',
          mend: `Send ?confirm=${name} to say that this is meant.`,
        });
      }
      const stored = await requireDocument(documents, key, `tenant ${name}`);
      requirePrecondition(precondition, stored.version);
      if (isTenant(stored.value)) await removal.begin({ ...orderOf(call), tenant: name });
      if (await removal.goOn(name, stepsOfRequest)) return new Response(null, { status: 204 });
      const { value } = await requireDocument(documents, key, `tenant ${name}`);
      return Response.json(value, { status: 202 });
    },
  };
}

/** `/v1/admin/tenants/{tenant}/keys`: a tenant's first key is made here, the others by its own admins. */
export function tenantKeys(services: Services): Methods {
  return {
    async POST(call) {
      const { name, key } = addressOf(call);
      requireAlive(await requireDocument(services.documents, key, `tenant ${name}`));
      return createKey(services, { ...orderOf(call), tenant: name }, await readJson(call.request));
    },
  };
}

/** `/v1/admin/tenants/{tenant}/usage`: what it has of its quotas. */
export function tenantUsage(services: Services): Methods {
  return {
    async GET(call) {
      const { name, key } = addressOf(call);
      requireAlive(await requireDocument(services.documents, key, `tenant ${name}`));
      return Response.json(await readUsageView(services, name));
    },
  };
}

/** `/v1/admin/tenants/{tenant}/changes`: its history, also when it is deleted; no document of it is shown. */
export function tenantChanges(services: Services): Methods {
  return {
    async GET(call) {
      const { name, key } = addressOf(call);
      await requireDocument(services.documents, key, `tenant ${name}`);
      return answerChanges(services, name, call.query);
    },
  };
}

/** Of 200 documents or 50 shards. */
const stepsOfRequest = 3;

/** @throws TulleError `in_use` */
function requireAlive({ value }: StoredDocument): void {
  if (isTenant(value)) return;
  const { name, deleted } = value as FormerTenant;
  throw new TulleError('in_use', `The tenant ${name} ${deleted === undefined ? 'is being' : 'was'} deleted.`, {
    place: 'tenant',
    mend: 'Give another name: its history stays, and is nobody else’s.',
  });
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
