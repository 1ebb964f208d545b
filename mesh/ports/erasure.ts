import type { ShardPlace } from './shard.ts';

/** Throws away everything that the queue has of a shard: events, history, dead letters, replays, books. There is no way back. */
export interface Erasure {
  /** May be called again, and for a shard that there is not. */
  erase(shard: ShardPlace): Promise<void>;
}
