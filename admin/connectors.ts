import { documentKeys } from './document-keys.ts';
import type { Resource } from './resource.ts';
import { admitConnector } from './resources/connector.ts';

/** `/v1/admin/buses/{bus}/connectors/{connector}` */
export const connectorResource: Resource = {
  kind: 'connector',
  scope: 'bus',
  describe: ({ bus, name }) => `connector ${name} on the bus ${bus}`,
  prefix: documentKeys.connectors,
  most: { count: 200, plural: 'connectors' },

  async admit(input, { services, address }) {
    return admitConnector(input, address, services);
  },
};
