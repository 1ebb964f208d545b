import type { Documents } from '../mesh/ports/documents.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Snapshots } from '../mesh/ports/snapshots.ts';
import type { Snapshot } from '../mesh/snapshot.ts';
import { documentKeys } from './document-keys.ts';
import { reportFailure } from './report.ts';

export interface SnapshotReader {
  /**
   * The snapshot as the fast store has it; as the documents have it where the fast store has none, fails, or is behind
   * the version `atLeast`. `undefined` when there is no such bus.
   */
  read(tenant: string, bus: string, options?: { readonly atLeast?: number }): Promise<Snapshot | undefined>;
}

export function createSnapshotReader(ports: {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly runtime: Runtime;
}): SnapshotReader {
  const { documents, snapshots, runtime } = ports;
  return {
    async read(tenant, bus, { atLeast = 0 } = {}) {
      try {
        const fast = await snapshots.get(tenant, bus);
        if (fast !== undefined && fast.version >= atLeast) return fast;
      } catch (error) {
        // The documents can answer as well; the failure goes to the log.
        reportFailure(runtime, error);
      }
      return readStoredSnapshot(documents, tenant, bus);
    },
  };
}

/** The snapshot as the documents have it: never behind. Its version is the version of its document. */
export async function readStoredSnapshot(
  documents: Documents,
  tenant: string,
  bus: string,
): Promise<Snapshot | undefined> {
  const stored = await documents.get(documentKeys.snapshot(tenant, bus));
  return stored === undefined ? undefined : { ...(stored.value as Omit<Snapshot, 'version'>), version: stored.version };
}
