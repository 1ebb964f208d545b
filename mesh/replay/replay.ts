import type { Filter } from '../../functions/filter/filter.ts';
import type { ReplayTurn, Task } from '../ports/consumer.ts';

/** What a log is told of a replay, and keeps: everything that its turns need. JSON. */
export interface ReplayOrder {
  readonly tenant: string;
  readonly bus: string;
  /** Of the replay; events that are delivered by it carry it (`replayAttribute`). */
  readonly name: string;
  /** Random, letters and digits: it makes the ids of this replay's deliveries others than those of every other. */
  readonly id: string;
  readonly archive: string;
  /** Events that were accepted from then on and before `to`, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Besides the archive's own. */
  readonly filter?: Filter;
  /** Names of rules; absent for all that match at their turn. */
  readonly rules?: readonly string[];
  /** Events a second, of all shards together. */
  readonly perSecond?: number;
  /** Of the snapshot whose rules are to deliver them, or a later one. */
  readonly version: number;
  /** The log's own number; absent in a log that has all shards of its bus. */
  readonly shard?: number;
  readonly startedAt: number;
  /** The id of the key that asked for it. */
  readonly by: string;
}

/** How far a replay came in one log. */
export interface ReplayStatus {
  readonly order: ReplayOrder;
  readonly state: ReplayState;
  /** Why it failed. */
  readonly reason?: string;
  /** Events that were looked at, those of them that were replayed, and the deliveries that they made. */
  readonly read: number;
  readonly replayed: number;
  readonly deliveries: number;
  /** When the last event that was looked at had been accepted. */
  readonly at?: number;
  readonly endedAt?: number;
}

/** All but `running` are ends. */
export type ReplayState = 'running' | 'completed' | 'cancelled' | 'failed';

/** What became of a replay's turn. */
export interface ReplayOutcome {
  /** So many of the messages, from the first, are done with… */
  readonly taken: number;
  /** …and so many events of the one after them. */
  readonly skip: number;
  /** In this turn; see `ReplayStatus`. */
  readonly read: number;
  readonly replayed: number;
  readonly deliveries: number;
  readonly at?: number;
  /** The next turn comes after this, in milliseconds. */
  readonly delayMs: number;
  /** `rule/target` of what was planned: there is no next turn while one of them has much waiting in its lanes. */
  readonly targets: readonly string[];
  /** It cannot go on. */
  readonly failed?: string;
}

/**
 * An event is on disk so long after its acceptance at most: its time is taken by whoever accepts it, that of its row by the
 * log. A replay looks at rows from so much before to so much after its range, and does not end earlier.
 */
export const acceptanceSlackMs = 10_000;

export function isReplay(task: Task | undefined): task is ReplayTurn {
  return task !== undefined && 'replay' in task;
}
