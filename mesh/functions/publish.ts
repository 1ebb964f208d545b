import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { Emitted } from '../../functions/compute/emitter.ts';
import type { Entries, Queue } from '../ports/queue.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { ShardAddress } from '../ports/shard.ts';
import { routeOnce } from '../deduplication.ts';
import { route, toAddress } from '../router.ts';
import type { SnapshotSource } from '../snapshot-source.ts';

/**
 * Puts what the mesh itself publishes (what functions emit, what targets reply) into the queues of its buses, as
 * publishing does; resolves when it is on disk. `home` is the bus of an event that names none.
 */
export type Publish = (home: Home, emitted: readonly Emitted[], options?: PublishOptions) => Promise<void>;

export interface PublishOptions {
  /** What a bus with `deduplication` knows by source and id is not stored again. */
  readonly once?: boolean;
}

/**
 * `publish` rejects with TulleError `bus_not_found`, `schema_mismatch` where the bus enforces schemas, or `unavailable`
 * when a queue cannot take it now.
 */
export function createPublish(options: {
  readonly snapshots: SnapshotSource;
  readonly queue: Queue;
  readonly runtime: Runtime;
}): Publish {
  const { snapshots, queue, runtime } = options;

  /** What the shards of a bus have to take. */
  async function plan(
    { tenant, bus }: Home,
    events: readonly Event[],
    { once = false }: PublishOptions,
  ): Promise<readonly Append[]> {
    const compiled = await snapshots.get(tenant, bus);
    if (compiled === undefined) {
      throw new TulleError('bus_not_found', `there is no bus ${bus.slice(0, 64)} to publish to`, {
        mend: 'Create the bus, or correct its name where the event is published.',
      });
    }
    compiled.schemas?.review(events, { batch: true });
    const receipt = { id: createReceiptId(runtime), at: runtime.now() };
    const { deduplicationSeconds } = compiled.snapshot.settings;
    const { shards } =
      once && deduplicationSeconds !== undefined
        ? routeOnce(compiled, events, receipt, deduplicationSeconds)
        : route(compiled, events, receipt, runtime.random());
    return Array.from(shards, ([shard, entries]) => ({
      address: toAddress(compiled, shard),
      entries,
    }));
  }

  return async ({ tenant, bus: home }, emitted, options = {}) => {
    const buses = new Map<string, Event[]>();
    for (const { event, bus = home } of emitted) {
      const events = buses.get(bus) ?? [];
      buses.set(bus, events);
      events.push(event);
    }
    // Everything is planned before anything is sent: what is refused leaves nothing half done.
    const appends: Append[] = [];
    for (const [bus, events] of buses) appends.push(...(await plan({ tenant, bus }, events, options)));
    await Promise.all(appends.map(({ address, entries }) => queue.append(address, entries)));
  };
}

interface Home {
  readonly tenant: string;
  readonly bus: string;
}

interface Append {
  readonly address: ShardAddress;
  readonly entries: Entries;
}

/** 104 random bits; no dot (Standard Webhooks, `webhook-id`). */
function createReceiptId({ random }: Runtime): string {
  const part = (): string => Math.floor(random() * 2 ** 52).toString(36);
  return `f${part()}${part()}`;
}
