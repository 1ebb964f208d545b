import { TulleError } from '../event/error.ts';
import { mayUse, requireAccess } from '../mesh/authentication.ts';
import type { Documents, StoredDocument } from '../mesh/ports.ts';
import { readJson } from './body.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { admitBus, type BusDocument } from './resources/bus.ts';
import { requireName } from './resources/name.ts';
import type { Methods, Services } from './services.ts';
import { requireDocument, writeDocument } from './store.ts';

/** `/v1/admin/buses` */
export function busList({ documents }: Services): Methods {
  return {
    async GET({ principal, query }) {
      requireAccess(principal, 'viewer');
      const page = await listPage(documents, documentKeys.buses(principal.tenant), readPageRequest(query));
      // A key for some buses learns of those only; its pages may be shorter than asked for.
      const visible = page.items.filter(({ value }) => mayUse(principal, (value as BusDocument).name));
      return Response.json(toList({ ...page, items: visible }, ({ value, version }) => ({ version, document: value })));
    },
  };
}

/** `/v1/admin/buses/{bus}` */
export function busItem({ documents, publisher }: Services): Methods {
  return {
    async GET({ principal, params }) {
      const name = requireName(params['bus'] ?? '', 'bus');
      requireAccess(principal, 'viewer', name);
      const { value, version } = await requireDocument(
        documents,
        documentKeys.bus(principal.tenant, name),
        `bus ${name}`,
      );
      return Response.json(value, { headers: { etag: toETag(version) } });
    },

    async PUT({ request, principal, params }) {
      const name = requireName(params['bus'] ?? '', 'bus');
      requireAccess(principal, 'admin', name);
      const { tenant } = principal;
      const precondition = readPrecondition(request.headers);
      const input = await readJson(request);
      const { document, version, created } = await writeDocument<BusDocument>(documents, publisher, {
        tenant,
        bus: name,
        key: documentKeys.bus(tenant, name),
        precondition,
        async build(present) {
          const bus = admitBus(input, name, present);
          if (present === undefined) await requireCount(documents, documentKeys.buses(tenant), busesMax, 'buses');
          return bus;
        },
      });
      return Response.json(document, { status: created ? 201 : 200, headers: { etag: toETag(version) } });
    },

    async DELETE({ request, principal, params }) {
      const name = requireName(params['bus'] ?? '', 'bus');
      requireAccess(principal, 'admin', name);
      const { tenant } = principal;
      const key = documentKeys.bus(tenant, name);
      const { version } = await requireDocument(documents, key, `bus ${name}`);
      requirePrecondition(readPrecondition(request.headers), version);
      const rules = await documents.list(documentKeys.rules(tenant, name), { limit: 1 });
      if (rules.items.length > 0) {
        throw new TulleError('in_use', `The bus ${name} has rules.`, { mend: 'Delete its rules first.' });
      }
      const archives = await documents.list(documentKeys.archives(tenant, name), { limit: 1 });
      if (archives.items.length > 0) {
        throw new TulleError('in_use', `The bus ${name} has archives.`, { mend: 'Delete its archives first.' });
      }
      await publisher.change(tenant, name, async () => {
        await documents.delete(key, version);
        // A rule that came in between goes with its bus: nothing may wait for a later bus of the same name.
        for await (const rule of walkDocuments(documents, documentKeys.rules(tenant, name))) {
          await deleteUnlessChanged(documents, rule);
        }
        for await (const archive of walkDocuments(documents, documentKeys.archives(tenant, name))) {
          await deleteUnlessChanged(documents, archive);
        }
        for await (const learnt of walkDocuments(documents, documentKeys.discovered(tenant, name))) {
          await deleteUnlessChanged(documents, learnt);
        }
      });
      return new Response(null, { status: 204 });
    },
  };
}

/** Whoever changed or deleted the rule meanwhile finds its bus gone, and takes it away too: the others still have to go. */
async function deleteUnlessChanged(documents: Documents, { key, version }: StoredDocument): Promise<void> {
  try {
    await documents.delete(key, version);
  } catch (error) {
    if (!TulleError.is(error) || error.code !== 'version_conflict') throw error;
  }
}

/** Refuses one more where there are `max`. @throws TulleError `limit_reached` */
export async function requireCount(documents: Documents, prefix: string, max: number, what: string): Promise<void> {
  const { items } = await documents.list(prefix, { limit: max });
  if (items.length < max) return;
  throw new TulleError('limit_reached', `There are ${max} ${what} already.`, {
    mend: 'Delete one that is no longer needed.',
  });
}

/** A change of a key publishes every bus of the tenant. */
const busesMax = 100;
