import type { Audit } from '../mesh/audit.ts';
import type { Publisher } from './publisher.ts';

/** Operations are changes without documents: in one chain with all others, numbered and hashed with them. */
export function createAudit(publisher: Publisher): Audit {
  return async ({ tenant, keyId }, operation) => {
    await publisher.change({ tenant, by: keyId, operation }, () => Promise.resolve());
  };
}
