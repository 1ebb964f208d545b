import type { SecondQueue } from '../snapshot.ts';

export interface ShardPlace {
  readonly tenant: string;
  readonly bus: string;
  /** From 0. */
  readonly shard: number;
}

export interface ShardAddress extends ShardPlace {
  /** How long the queue keeps what was settled. */
  readonly retentionSeconds: number;
  /** The same for what is archived; absent where the bus has no archives (any more). */
  readonly archiveSeconds?: number;
  /** What takes the messages of no lane; absent: the log, which has the lanes and the history in any case. */
  readonly queue?: SecondQueue;
}
