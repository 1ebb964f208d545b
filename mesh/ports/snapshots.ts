import type { Snapshot } from '../snapshot.ts';

/**
 * What the hot path reads: one snapshot a tenant and bus. A `get` may be behind the last `put` (Workers KV: up to a
 * minute); whoever needs a certain version reads the documents instead.
 */
export interface Snapshots {
  get(tenant: string, bus: string): Promise<Snapshot | undefined>;
  put(snapshot: Snapshot): Promise<void>;
  delete(tenant: string, bus: string): Promise<void>;
}
