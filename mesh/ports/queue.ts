import type { LaneMessage } from '../lane.ts';
import type { ShardAddress } from './shard.ts';

/**
 * The durable queue. `append` resolves when every message is on disk, all or none; a message is handed out at least once.
 * Those of a lane wait for the lane's turns, in the order in which they were appended.
 */
export interface Queue {
  /** @throws TulleError `unavailable` when the queue cannot take it now. */
  append(shard: ShardAddress, entries: Entries): Promise<Appended>;
}

/** What one append takes. */
export interface Entries {
  readonly messages: readonly string[];
  /** Handed out as `messages`, and kept for the address's `archiveSeconds`: what replays read. */
  readonly archived?: readonly string[];
  readonly laned?: readonly LaneMessage[];
  /** On buses that deduplicate. What no claim names is stored in any case. */
  readonly claims?: Claims;
  /** The publisher will wait: a queue with `Waits` opens a box for it, before anything of this can be handed out. */
  readonly awaited?: Awaited;
}

/**
 * Which of the messages belong to which event, so that an event that is known is left out. A claim is written in the
 * transaction that writes its messages: before it, a crash would let a publisher be told `duplicate` of an event that is
 * nowhere; after it, two publishers could both be the first. Nobody is told of a duplicate before the first is on disk.
 */
export interface Claims {
  /** For so long after the first append with a key, others with that key store nothing, in the same append as well. */
  readonly seconds: number;
  readonly events: readonly Claim[];
}

export interface Claim {
  /** Up to 64 characters of ASCII; different for every event, shard, bus and tenant. */
  readonly key: string;
  /** Positions in `messages`, in `archived`, and in `laned`. */
  readonly messages: readonly number[];
  readonly archived?: readonly number[];
  readonly laned: readonly number[];
}

export interface Appended {
  /** Positions in `claims.events` of those that were known: nothing of theirs was stored. */
  readonly duplicates: readonly number[];
}

export interface Awaited {
  /** Id of the request, the same in every shard. */
  readonly receipt: string;
  /** The box is not needed for longer than this. */
  readonly milliseconds: number;
}
