import { documentKeys } from './document-keys.ts';
import type { Resource } from './resource.ts';
import { admitSecret, type SecretDocument, toShownSecret } from './resources/secret.ts';
import { sealSecret } from './sealing.ts';
import { requireSecretUnused } from './secret-uses.ts';
import { requireCredentialRoom } from './snapshot-builder.ts';

/** `/v1/admin/secrets/{name}`. Secrets belong to the tenant, so they take an admin of every bus. */
export const secretResource: Resource = {
  kind: 'secret',
  scope: 'tenant',
  comparedBy: 'configure',
  describe: ({ name }) => `secret ${name}`,
  prefix: documentKeys.secrets,
  most: { count: 100, plural: 'secrets' },
  show: (document) => toShownSecret(document as SecretDocument),

  async admit(input, { services, principal: { tenant }, address: { name }, present }) {
    const { document, value: sent } = admitSecret(input, name);
    const { sealed: stored } = (present ?? {}) as Partial<SecretDocument>;
    const owner = { tenant, kind: 'secret', name } as const;
    const { sealed } = await sealSecret(services.vault, owner, { sent, stored, place: '/value' });
    return { ...document, sealed } satisfies SecretDocument;
  },

  restore: async (document) => document,

  async check([first], { principal, documents }) {
    await requireCredentialRoom(documents, principal.tenant, { secret: first as SecretDocument });
  },

  async checkRemoved({ principal, address, documents }) {
    await requireSecretUnused(documents, principal.tenant, address.name);
  },
};
