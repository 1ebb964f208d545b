import type { DeliveryStatus, LedgerRecord } from '../ledger.ts';

/**
 * What became of a delivery that its publisher waits for. Fit for a publisher's eyes: what the target answered is not in it,
 * but for the event with which it replied to one who asked for a reply.
 */
export interface DeliveryOutcome {
  /** Id of the publisher's request, and which event of it, from 0. */
  readonly receipt: string;
  readonly index: number;
  readonly rule: string;
  readonly target: string;
  /** Of several events that the rule's steps made of this one, those that it is about, from 1. */
  readonly parts?: readonly number[];
  readonly status: OutcomeStatus;
  /** From 1. */
  readonly attempt: number;
  /** HTTP status of the target's answer, where there was one. */
  readonly code?: number;
  readonly reason?: string;
  /** When the next attempt is due; milliseconds since the epoch. */
  readonly nextAt?: number;
  /** The event that the target replied, as JSON text; empty where it was too large to be handed back. */
  readonly reply?: string;
}

/** `pending`: the steps have made these parts, and they are on their way. */
export type OutcomeStatus = Exclude<DeliveryStatus, 'redriven'> | 'pending';

/**
 * Whether it has happened, whatever comes: it may be told at once. The other outcomes are decisions, and stand when they are
 * on disk: after a crash the delivery goes on.
 */
export function isFact({ status }: DeliveryOutcome): boolean {
  return status === 'pending' || status === 'retrying' || status === 'delivered';
}

export function isEnd(status: OutcomeStatus): boolean {
  return status !== 'pending' && status !== 'retrying';
}

/** Why there was no delivery, without a word of what the target or a step said. */
export function toPublicReason(
  status: OutcomeStatus,
  { code, failure, exhausted }: Pick<LedgerRecord, 'code' | 'failure' | 'exhausted'>,
): string | undefined {
  if (status === 'delivered' || status === 'pending') return undefined;
  if (status === 'filtered') return 'the steps left no event';
  if (status === 'expired') return 'the time in expirytime is over';
  const said = code === undefined ? failures[failure ?? 'none'] : `answered ${code}`;
  if (exhausted === 'attempts') return `all attempts failed; the last: ${said ?? 'no answer'}`;
  if (exhausted === 'age') return said === undefined ? 'too old before an attempt' : `too old; the last: ${said}`;
  return said ?? (status === 'disabled' ? 'the rule or the target is gone' : 'the steps failed');
}

const failures = {
  response: 'answered without a status',
  timeout: 'did not answer in time',
  network: 'could not be reached',
  refused: 'was not called, or its reply not taken',
  none: undefined,
} as const;
