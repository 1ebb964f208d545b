import { createIdentitySource } from '../admin/identity-source.ts';
import { createIdentities, type Identities } from '../mesh/identity/identities.ts';
import { createKeySets } from '../mesh/identity/key-sets.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { FrontPlatform } from './platform.ts';

/** Identity providers as the documents name them. `live`: the documents as everybody reads them. */
export function createLiveIdentities({ runtime, allowPrivateTargets }: FrontPlatform, live: Documents): Identities {
  return createIdentities({
    source: createIdentitySource(live, runtime),
    keySets: createKeySets(runtime, { allowPrivateTargets }),
    runtime,
  });
}
