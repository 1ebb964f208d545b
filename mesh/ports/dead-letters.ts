import type { DeadLetterEntry, DeadLetterPage, DeadLetterQuery } from '../dead-letters/query.ts';
import type { RedriveOrder, RedriveOutcome } from '../dead-letters/redrive.ts';
import type { ShardPlace } from './shard.ts';

/** The deliveries that were given up, a shard at a time. A dead letter is known by its sequence number in the shard. */
export interface DeadLetters {
  list(shard: ShardPlace, query: DeadLetterQuery): Promise<DeadLetterPage>;
  /** With its event. */
  get(shard: ShardPlace, sequence: number): Promise<DeadLetterEntry | undefined>;
  /**
   * Puts dead letters back into the queue as new deliveries. Each is removed in the transaction that puts it back; what
   * is not there any more is passed over.
   */
  redrive(shard: ShardPlace, sequences: readonly number[], order: RedriveOrder): Promise<RedriveOutcome>;
  /** Answers how many there were. */
  delete(shard: ShardPlace, sequences: readonly number[]): Promise<number>;
}
