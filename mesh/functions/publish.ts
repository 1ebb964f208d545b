import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { Emitted } from '../../functions/compute/emitter.ts';
import type { Queue, Runtime } from '../ports.ts';
import { route } from '../router.ts';
import type { SnapshotSource } from '../snapshot-source.ts';

/** Puts what a function emitted into the queues of its buses, as publishing does; resolves when it is on disk. */
export type Publish = (
  home: { readonly tenant: string; readonly bus: string },
  emitted: readonly Emitted[],
) => Promise<void>;

/** `publish` rejects with TulleError `bus_not_found`, or `unavailable` when a queue cannot take it now. */
export function createPublish(options: {
  readonly snapshots: SnapshotSource;
  readonly queue: Queue;
  readonly runtime: Runtime;
}): Publish {
  const { snapshots, queue, runtime } = options;
  return async ({ tenant, bus: home }, emitted) => {
    const buses = new Map<string, Event[]>();
    for (const { event, bus = home } of emitted) {
      const events = buses.get(bus) ?? [];
      buses.set(bus, events);
      events.push(event);
    }
    // All buses are looked at before anything is sent: a name that is wrong leaves nothing half done.
    const appends: {
      readonly shard: number;
      readonly bus: string;
      readonly retentionSeconds: number;
      readonly messages: readonly string[];
    }[] = [];
    for (const [bus, events] of buses) {
      const compiled = await snapshots.get(tenant, bus);
      if (compiled === undefined) {
        throw new TulleError(
          'bus_not_found',
          `it emitted an event to the bus ${bus.slice(0, 64)}, which does not exist`,
          {
            mend: 'Create the bus, or correct its name in the function.',
          },
        );
      }
      const { retentionSeconds } = compiled.snapshot.settings;
      const receipt = { id: createReceiptId(runtime), at: runtime.now() };
      const { messages } = route(compiled, events, receipt, runtime.random());
      for (const [shard, texts] of messages) appends.push({ shard, bus, retentionSeconds, messages: texts });
    }
    await Promise.all(
      appends.map(({ shard, bus, retentionSeconds, messages }) =>
        queue.append({ tenant, bus, shard, retentionSeconds }, messages),
      ),
    );
  };
}

/** 104 random bits; no dot (Standard Webhooks, `webhook-id`). */
function createReceiptId({ random }: Runtime): string {
  const part = (): string => Math.floor(random() * 2 ** 52).toString(36);
  return `f${part()}${part()}`;
}
