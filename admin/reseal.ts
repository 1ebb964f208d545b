import type { Vault, VaultPlace } from '../mesh/connections/vault.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import type { Publisher } from './publisher.ts';
import { reportFailure } from './report.ts';
import type { ConnectionDocument } from './resources/connection.ts';
import type { SecretDocument } from './resources/secret.ts';

/**
 * Seals anew what is still sealed under a previous master key, so that the operator can let that go; former secrets
 * whose time is over go as well. For the tick of a clock. Answers how many documents that were.
 */
export async function reseal(services: {
  readonly documents: Documents;
  readonly publisher: Publisher;
  readonly vault: Vault;
  readonly runtime: Runtime;
}): Promise<number> {
  const { documents, publisher, vault, runtime } = services;

  async function anew(text: string, owner: VaultPlace): Promise<string> {
    return (await vault.isCurrent(text)) ? text : vault.seal(await vault.open(text, owner), owner);
  }

  async function renew(stored: SealedDocument, tenant: string): Promise<SealedDocument> {
    const owner = { tenant, kind: stored.kind, name: stored.name };
    if (stored.sealed === undefined) return stored;
    const { former, ...rest } = { ...stored, sealed: await anew(stored.sealed, owner) };
    if (former === undefined || former.until <= runtime.now()) return rest;
    return { ...rest, former: { ...former, sealed: await anew(former.sealed, owner) } };
  }

  const changes = new Map<string, { key: string; version: number; value: SealedDocument }[]>();
  for (const prefix of [documentKeys.allConnections, documentKeys.allSecrets]) {
    for await (const { key, value, version } of walkDocuments(documents, prefix)) {
      const [, tenant = ''] = key.split('/');
      try {
        const stored = value as SealedDocument;
        const renewed = await renew(stored, tenant);
        if (JSON.stringify(renewed) === JSON.stringify(stored)) continue;
        changes.set(tenant, [...(changes.get(tenant) ?? []), { key, version, value: renewed }]);
      } catch (error) {
        // One that no key opens does not keep the others from it.
        reportFailure(runtime, error);
      }
    }
  }
  let count = 0;
  let total = 0;
  for (const [tenant, some] of changes) {
    // Together, so that the buses are published once.
    await publisher.change({ tenant, by: 'system', why: 'sealed under the present master key' }, async (staging) => {
      count = 0;
      for (const { key, value, version } of some) {
        // Where somebody was faster, what they wrote is looked at by the next tick.
        if ((await staging.get(key))?.version !== version) continue;
        await staging.put(key, value);
        count += 1;
      }
    });
    total += count;
  }
  return total;
}

type SealedDocument = Pick<ConnectionDocument, 'name' | 'sealed' | 'former'> & {
  readonly kind: (ConnectionDocument | SecretDocument)['kind'];
};
