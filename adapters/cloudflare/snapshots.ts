import { TulleError } from '../../event/error.ts';
import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';

/** Snapshots in Workers KV, as JSON. A `get` may be behind by `cacheSeconds` and by KV's own minute. */
export function createKvSnapshots(namespace: KVNamespace, sleep: (ms: number) => Promise<void> = wait): Snapshots {
  const keyOf = (tenant: string, bus: string): string => `snapshot/${tenant}/${bus}`;

  /** KV takes one write a second for a key, and refuses what comes sooner. */
  async function write(attemptWrite: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attemptWrite();
      } catch (cause) {
        if (attempt === writeAttempts) {
          throw new TulleError('unavailable', 'The snapshot cannot be written now.', { retryAfter: 2, cause });
        }
        await sleep(writeIntervalMs);
      }
    }
  }

  return {
    async get(tenant, bus) {
      const options = { type: 'json', cacheTtl: cacheSeconds } as const;
      return (await namespace.get<Snapshot>(keyOf(tenant, bus), options)) ?? undefined;
    },
    put: (snapshot) => write(() => namespace.put(keyOf(snapshot.tenant, snapshot.bus), JSON.stringify(snapshot))),
    delete: (tenant, bus) => write(() => namespace.delete(keyOf(tenant, bus))),
  };
}

/** The least that KV takes. */
const cacheSeconds = 30;
const writeAttempts = 4;
const writeIntervalMs = 1_100;

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
