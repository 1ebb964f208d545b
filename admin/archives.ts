import { TulleError } from '../event/error.ts';
import { requireAccess } from '../mesh/authentication.ts';
import { readJson } from './body.ts';
import { requireCount } from './buses.ts';
import { documentKeys } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { admitArchive, type ArchiveDocument } from './resources/archive.ts';
import { requireName } from './resources/name.ts';
import { requireBus } from './rules.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireArchiveRoom } from './snapshot-builder.ts';
import { requireDocument, writeDocument } from './store.ts';

/** `/v1/admin/buses/{bus}/archives` */
export function archiveList({ documents }: Services): Methods {
  return {
    async GET({ principal, params, query }) {
      const bus = requireName(params['bus'] ?? '', 'bus');
      requireAccess(principal, 'viewer', bus);
      await requireBus(documents, principal.tenant, bus);
      const page = await listPage(documents, documentKeys.archives(principal.tenant, bus), readPageRequest(query));
      return Response.json(toList(page, ({ value, version }) => ({ version, document: value })));
    },
  };
}

/** `/v1/admin/buses/{bus}/archives/{archive}` */
export function archiveItem({ documents, publisher, archives }: Services): Methods {
  return {
    async GET(call) {
      const { bus, name, key } = addressOf(call);
      requireAccess(call.principal, 'viewer', bus);
      await requireBus(documents, call.principal.tenant, bus);
      const { value, version } = await requireDocument(documents, key, `archive ${name} on the bus ${bus}`);
      return Response.json(value, { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      const { bus, name, key } = addressOf(call);
      requireAccess(call.principal, 'admin', bus);
      if (!archives) throw withoutArchives();
      const { tenant } = call.principal;
      const precondition = readPrecondition(call.request.headers);
      const archive = admitArchive(await readJson(call.request), { bus, name });
      const { document, version, created } = await writeDocument<ArchiveDocument>(documents, publisher, {
        tenant,
        bus,
        key,
        precondition,
        async build(present) {
          await requireBus(documents, tenant, bus);
          if (present === undefined) {
            await requireCount(documents, documentKeys.archives(tenant, bus), archivesMax, 'archives');
          }
          await requireArchiveRoom(documents, tenant, archive);
          return archive;
        },
        async confirm(stored) {
          // The bus may have gone between the look and the write: an archive never waits for a later bus of that name.
          if ((await documents.get(documentKeys.bus(tenant, bus))) !== undefined) return;
          await documents.delete(key, stored);
          await requireBus(documents, tenant, bus);
        },
      });
      return Response.json(document, { status: created ? 201 : 200, headers: { etag: toETag(version) } });
    },

    async DELETE(call) {
      const { bus, name, key } = addressOf(call);
      requireAccess(call.principal, 'admin', bus);
      const { tenant } = call.principal;
      await requireBus(documents, tenant, bus);
      const { version } = await requireDocument(documents, key, `archive ${name} on the bus ${bus}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await publisher.change(tenant, bus, () => documents.delete(key, version));
      return new Response(null, { status: 204 });
    },
  };
}

function addressOf({ principal, params }: Call): { bus: string; name: string; key: string } {
  const bus = requireName(params['bus'] ?? '', 'bus');
  const name = requireName(params['archive'] ?? '', 'archive');
  return { bus, name, key: documentKeys.archive(principal.tenant, bus, name) };
}

function withoutArchives(): TulleError {
  return new TulleError('request_invalid', 'The queue of this installation keeps no archives.', {
    place: 'archive',
    mend: 'Use the log as the queue: it is the default on Cloudflare and in Node.',
  });
}

/** Each is looked at for every event. */
const archivesMax = 20;
