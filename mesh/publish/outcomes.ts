import type { PlannedEvent } from '../envelope.ts';
import type { LedgerRecord } from '../ledger.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { AttemptResult } from '../sink.ts';
import { type DeliveryOutcome, type OutcomeStatus, toPublicReason } from './outcome.ts';

/** What one dispatch has to tell publishers who wait; nothing of events that nobody waits for. */
export interface Outcomes {
  readonly told: readonly DeliveryOutcome[];
  tell(planned: PlannedEvent, standing: Standing, result?: AttemptResult): void;
}

/** Where a delivery stands after an attempt, or at its end. */
export interface Standing extends Pick<LedgerRecord, 'rule' | 'target' | 'attempt'>, Details {
  readonly status: OutcomeStatus;
  readonly parts?: readonly number[] | undefined;
}

type Details = Pick<LedgerRecord, 'code' | 'failure' | 'exhausted' | 'nextAt'>;

/**
 * A settlement goes through an RPC of 32 MiB, of which its other parts may take 24 MB (`room.ts`). What is beyond these is
 * not told: its publisher is answered when the time is over.
 */
const MOST_OUTCOMES = 2_000;
/** UTF-16 units. */
const REPLIES_LENGTH = 2_000_000;

export function createOutcomes({ now }: Pick<Runtime, 'now'>): Outcomes {
  const told: DeliveryOutcome[] = [];
  let repliesLength = 0;

  function replyOf({ receipt }: PlannedEvent, result: AttemptResult | undefined): string | undefined {
    if (receipt.wait?.reply !== true || result?.ok !== true) return undefined;
    const json = result.reply?.[0]?.json;
    if (json === undefined || repliesLength + json.length > REPLIES_LENGTH) return json && '';
    repliesLength += json.length;
    return json;
  }

  return {
    told,
    tell(planned, { rule, target, status, attempt, parts, ...details }, result) {
      const { receipt, index } = planned;
      if (receipt.wait === undefined || receipt.wait.until < now() || told.length >= MOST_OUTCOMES) return;
      const { code, nextAt } = details;
      const reason = toPublicReason(status, details);
      const reply = replyOf(planned, result);
      told.push({
        receipt: receipt.id,
        index,
        rule,
        target,
        ...(parts === undefined ? {} : { parts: [...parts] }),
        status,
        attempt,
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason }),
        ...(nextAt === undefined ? {} : { nextAt }),
        ...(reply === undefined ? {} : { reply }),
      });
    },
  };
}
