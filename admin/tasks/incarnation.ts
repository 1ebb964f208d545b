import type { Documents } from '../../mesh/ports/documents.ts';
import type { Change } from '../changes/change.ts';
import { documentKeys } from '../document-keys.ts';
import type { KnownConnector } from './reconcile.ts';

/**
 * Whether a connector was deleted and made again after the change `since`: then it is another one of the same name. Asked
 * only when it was changed at all; what its changes do not tell any more counts as the same.
 */
export async function wasRemade(documents: Documents, connector: KnownConnector, since: number): Promise<boolean> {
  const { tenant, document } = connector;
  const key = `${documentKeys.connectors(tenant, document.bus)}${document.name}`;
  let sequence = connector.revision;
  for (let steps = 0; sequence > since && steps < mostSteps; steps += 1) {
    const stored = await documents.get(documentKeys.change(tenant, sequence));
    const entry = (stored?.value as Change | undefined)?.entries.find((candidate) => candidate.key === key);
    if (entry === undefined) return false;
    // Without a change before it, this one has made it.
    if (entry.document === undefined || entry.previous === undefined) return true;
    sequence = entry.previous;
  }
  return false;
}

/** So many changes between two heartbeats are no ordinary day. */
const mostSteps = 100;
