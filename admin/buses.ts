import { TulleError } from '../event/error.ts';
import { mayUse } from '../mesh/authentication.ts';
import { documentKeys } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import type { Resource } from './resource.ts';
import { admitBus, type BusDocument } from './resources/bus.ts';
import type { Methods, Services } from './services.ts';

/** `/v1/admin/buses/{bus}` */
export const busResource: Resource = {
  kind: 'bus',
  scope: 'tenant',
  isBus: true,
  describe: ({ name }) => `bus ${name}`,
  prefix: documentKeys.buses,
  // A change of a key publishes every bus of the tenant.
  most: { count: 100, plural: 'buses' },

  async admit(input, { services: { queues }, address, present }) {
    return admitBus(input, address.name, { present: present as BusDocument | undefined, queues });
  },

  async checkRemoved({ principal, address: { name }, documents }) {
    const rules = await documents.list(documentKeys.rules(principal.tenant, name), { limit: 1 });
    if (rules.items.length > 0) {
      throw new TulleError('in_use', `The bus ${name} has rules.`, { mend: 'Delete its rules first.' });
    }
    const connectors = await documents.list(documentKeys.connectors(principal.tenant, name), { limit: 1 });
    if (connectors.items.length > 0) {
      throw new TulleError('in_use', `The bus ${name} has connectors.`, { mend: 'Delete its connectors first.' });
    }
    const archives = await documents.list(documentKeys.archives(principal.tenant, name), { limit: 1 });
    if (archives.items.length > 0) {
      throw new TulleError('in_use', `The bus ${name} has archives.`, { mend: 'Delete its archives first.' });
    }
  },
};

/** `/v1/admin/buses` */
export function busList({ documents }: Services): Methods {
  return {
    async GET({ principal, query }) {
      const page = await listPage(documents, documentKeys.buses(principal.tenant), readPageRequest(query));
      // A key for some buses learns of those only; its pages may be shorter than asked for.
      const visible = page.items.filter(({ value }) => mayUse(principal, (value as BusDocument).name));
      return Response.json(toList({ ...page, items: visible }, ({ value, version }) => ({ version, document: value })));
    },
  };
}
