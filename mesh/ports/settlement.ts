import type { Tally } from '../books.ts';
import type { LedgerRecord } from '../ledger.ts';
import type { DeliveryOutcome } from '../publish/outcome.ts';
import type { ReplayOutcome } from '../replay/replay.ts';

export interface Settlement {
  /** Messages to hand out later; with a lane, in a turn of that lane. */
  readonly retries: readonly { readonly body: string; readonly delayMs: number; readonly lane?: string }[];
  readonly records: readonly LedgerRecord[];
  /** What ended and what was added, whatever is recorded of it; absent where nothing did. */
  readonly tally?: Tally;
  /**
   * What somebody waits for: for the box of its receipt, facts (`isFact`) at once, the others when the settlement is on
   * disk. A queue without `Waits` lets them go.
   */
  readonly outcomes?: readonly DeliveryOutcome[];
  readonly turn?: TurnOutcome;
  /** Targets (`rule/target`) that asked, outside of a turn, to be slowed down and to be sent nothing for so long. */
  readonly throttled?: readonly { readonly target: string; readonly waitMs: number }[];
  readonly replay?: ReplayOutcome;
}

export interface TurnOutcome {
  /** So many of the messages, from the first, are done with; those after them stay as they are. */
  readonly taken: number;
  /** What is left of the last one that was taken: it stays in front, in this order. */
  readonly remains: readonly string[];
  /** The lane's next turn comes after this, in milliseconds. */
  readonly delayMs: number;
  /** Calls to the target. */
  readonly ok: number;
  readonly failed: number;
  /** So many failed in a row that it was left. */
  readonly gaveUp: boolean;
  /** The target asked to be slowed down, and to be sent nothing for so many milliseconds. */
  readonly throttledMs?: number;
}
