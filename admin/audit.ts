import type { Audit } from '../mesh/audit.ts';
import { orderOf } from './change-order.ts';
import type { Publisher } from './publisher.ts';

/** Operations are changes without documents: in one chain with all others, numbered and hashed with them. */
export function createAudit(publisher: Publisher): Audit {
  return async (principal, operation, request) => {
    await publisher.change({ ...orderOf({ principal, request }), operation }, () => Promise.resolve());
  };
}
