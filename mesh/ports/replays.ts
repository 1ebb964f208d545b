import type { ReplayOrder, ReplayStatus } from '../replay/replay.ts';
import type { ShardPlace } from './shard.ts';

/**
 * Replays of archived events, a shard at a time. The queue goes through what it keeps by itself, a turn after the other:
 * how far it came is stored in the transaction that stores what a turn made. Where one log has all shards of its bus, it
 * answers for the first shard, and for the others there is nothing.
 */
export interface Replays {
  /**
   * Begins a replay; one that has this name already stays as it is, and is answered. Where `most` run already none is
   * begun, however many ask at the same time, and nothing is answered.
   */
  start(shard: ShardPlace, order: ReplayOrder, most?: number): Promise<ReplayStatus | undefined>;
  get(shard: ShardPlace, name: string): Promise<ReplayStatus | undefined>;
  list(shard: ShardPlace): Promise<readonly ReplayStatus[]>;
  /** Ends it if it runs: what was planned is delivered, and nothing more. */
  cancel(shard: ShardPlace, name: string): Promise<ReplayStatus | undefined>;
  /** Ends and forgets it. Answers whether there was one. */
  delete(shard: ShardPlace, name: string): Promise<boolean>;
}
