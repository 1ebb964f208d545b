import { frame } from '../../mesh/frame.ts';
import type { Replays } from '../../mesh/ports/replays.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { ArchiveStore, StoredReplay } from '../sqlite/archive-store.ts';
import { createLogReplays, type LogReplays } from '../sqlite/log-replays.ts';
import type { StoredBatch } from '../sqlite/log-store.ts';
import type { ReplayJob } from '../sqlite/replay-turn.ts';

/** What archives keep in memory, bus by bus, and the replays of it. */
export interface MemoryArchives {
  readonly port: Replays;
  keep(place: Pick<ShardPlace, 'tenant' | 'bus'>, messages: readonly string[]): void;
  /** The next turn, and the replays that it is to be settled with. */
  take(): { readonly job: ReplayJob; readonly replays: LogReplays } | undefined;
  nextAt(): number;
}

export function createMemoryArchives(options: {
  readonly now: () => number;
  /** How many messages wait for a target. */
  readonly count: (target: string) => number;
}): MemoryArchives {
  const { now, count } = options;
  const buses = new Map<string, { readonly store: ArchiveStore; readonly replays: LogReplays }>();
  let lastSequence = 0;

  function busOf({ tenant, bus }: Pick<ShardPlace, 'tenant' | 'bus'>) {
    const key = `${tenant}/${bus}`;
    let found = buses.get(key);
    if (found === undefined) {
      const store = createStore();
      found = { store, replays: createLogReplays({ store, laneStore: { count }, now }) };
      buses.set(key, found);
    }
    return found;
  }

  /** One queue stands for all shards. */
  function replaysOf(shard: ShardPlace): LogReplays | undefined {
    return shard.shard === 0 ? busOf(shard).replays : undefined;
  }

  return {
    port: {
      start: (shard, { shard: _shard, ...order }, most) => Promise.resolve(replaysOf(shard)?.start(order, most)),
      get: (shard, name) => Promise.resolve(replaysOf(shard)?.get(name)),
      list: (shard) => Promise.resolve(replaysOf(shard)?.list() ?? []),
      cancel: (shard, name) => Promise.resolve(replaysOf(shard)?.cancel(name)),
      delete: (shard, name) => Promise.resolve(replaysOf(shard)?.delete(name) ?? false),
    },
    keep(place, messages) {
      if (messages.length === 0) return;
      lastSequence += 1;
      busOf(place).store.insert({ sequence: lastSequence, at: now(), deliveries: 0, body: frame(messages) });
    },
    take() {
      for (const { replays } of buses.values()) {
        const [job] = replays.take(1);
        if (job !== undefined) return { job, replays };
      }
      return undefined;
    },
    nextAt: () => Math.min(...Array.from(buses.values(), ({ replays }) => replays.nextAt())),
  };
}

function createStore(): ArchiveStore {
  const batches: StoredBatch[] = [];
  const replays = new Map<string, StoredReplay>();
  return {
    insert: (batch) => void batches.push(batch),
    batchesFrom: (from, limit) => batches.filter(({ sequence }) => sequence >= from).slice(0, limit),
    lastBatch: () => batches.at(-1)?.sequence ?? 0,
    nextBatch: (after) => batches.find(({ sequence }) => sequence > after)?.sequence,
    // Nothing in memory has books.
    countBatches: () => ({ rows: 0, deliveries: 0 }),
    firstSince: (at) => batches.find((batch) => batch.at >= at)?.sequence,
    oldestAt: () => batches[0]?.at,
    purge: () => false,
    replays: () => [...replays.values()],
    putReplay: (replay) => void replays.set(replay.name, replay),
    deleteReplay: (name) => void replays.delete(name),
  };
}
