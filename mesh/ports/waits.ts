import type { DeliveryOutcome } from '../publish/outcome.ts';
import type { ShardPlace } from './shard.ts';

/**
 * Boxes in which publishers who wait find what becomes of their events; in memory, since the events are durable without
 * them. A platform that has none answers every publisher at once.
 */
export interface Waits {
  /**
   * What came into the box since the last call; where that is nothing, waits for something, at most so long. `undefined`:
   * there is no such box, because too many wait, the shard was started again, or it was closed.
   */
  take(shard: ShardPlace, receipt: string, milliseconds: number): Promise<readonly DeliveryOutcome[] | undefined>;
  /** Nobody waits any more; who still does in `take` is answered at once. */
  close(shard: ShardPlace, receipt: string): Promise<void>;
}
