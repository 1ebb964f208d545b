import { TulleError } from '../event/error.ts';
import { documentKeys } from './document-keys.ts';
import type { Resource } from './resource.ts';
import { admitArchive, type ArchiveDocument } from './resources/archive.ts';
import { requireArchiveRoom } from './snapshot-builder.ts';

/** `/v1/admin/buses/{bus}/archives/{archive}` */
export const archiveResource: Resource = {
  kind: 'archive',
  scope: 'bus',
  describe: ({ bus, name }) => `archive ${name} on the bus ${bus}`,
  prefix: documentKeys.archives,
  // Each is looked at for every event.
  most: { count: 20, plural: 'archives' },

  async admit(input, { services, address }) {
    if (!services.archives) throw withoutArchives();
    return admitArchive(input, address);
  },

  async check([first], { principal, documents }) {
    await requireArchiveRoom(documents, principal.tenant, first as ArchiveDocument);
  },
};

function withoutArchives(): TulleError {
  return new TulleError('request_invalid', 'The queue of this installation keeps no archives.', {
    place: 'archive',
    mend: 'Use the log as the queue: it is the default on Cloudflare and in Node.',
  });
}
