import type { ReplayOrder } from '../replay/replay.ts';
import type { Settlement } from './settlement.ts';

/**
 * Called by the queue's adapter with messages in order. When it resolves, the messages are done and what the
 * settlement says is to be stored together with that fact; when it rejects, they are handed out again. In the turn of a
 * lane they are its first messages, and what of them is done is said by the settlement's `turn`. In the turn of a replay
 * they are archived messages that were handed out before; what of them was looked at is said by its `replay`.
 */
export type QueueConsumer = (messages: readonly string[], task?: Task) => Promise<Settlement>;

export type Task = Turn | ReplayTurn;

/** A lane's turn: it has one at a time. */
export interface Turn {
  readonly lane: string;
  /** The target was failing: one delivery is to show whether it still is. */
  readonly probe: boolean;
  /** The target asked to be slowed down: it gets this share of its rate or, where it has none, of its calls at a time. */
  readonly share?: number;
}

/** A replay's turn: it has one at a time. What its settlement has for later are new deliveries, which the books count. */
export interface ReplayTurn {
  readonly replay: ReplayOrder;
  /** So many events of the first message were looked at in an earlier turn. */
  readonly skip: number;
}
