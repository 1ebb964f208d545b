import type { ShardBooks } from '../books.ts';
import type { LaneStatus } from '../lane.ts';
import type { LedgerPage, LedgerQuery } from '../ledger.ts';
import type { EventPage, EventQuery, WaitingDeliveries } from '../trace/query.ts';
import type { ShardPlace } from './shard.ts';

/** History: what happened to which event. Written with settlements, read by operators, a shard at a time, newest first. */
export interface Ledger {
  /** What happened to deliveries. A page may have fewer than `limit` items and yet be followed by more. */
  list(shard: ShardPlace, query: LedgerQuery): Promise<LedgerPage>;
  /**
   * Events that were appended outside of lanes and are still kept, settled or not: read from what the queue has on disk
   * anyway. A queue that keeps nothing of what it handed out answers an empty page.
   */
  events(shard: ShardPlace, query: EventQuery): Promise<EventPage>;
  /** Deliveries of events of this id that wait for a retry or in a lane; a bounded look. */
  waiting(shard: ShardPlace, eventId: string): Promise<WaitingDeliveries>;
  /** Targets that deliveries wait for, or that were found failing. */
  lanes(shard: ShardPlace): Promise<readonly LaneStatus[]>;
  /**
   * Absent where the queue keeps none; `undefined` of a shard for which another one answers, as where one log has all
   * shards of its bus.
   */
  books?(shard: ShardPlace): Promise<ShardBooks | undefined>;
}
