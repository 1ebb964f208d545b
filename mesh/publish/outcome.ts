import type { Exhausted } from '../delivery/retry.ts';
import type { DeliveryStatus } from '../ledger.ts';

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
  /** `pending`: the steps have made these parts, and they are on their way. */
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

/** Why an attempt failed, without a word of what the target or a step said. */
export function toPublicReason({
  status,
  code,
  failure,
  exhausted,
}: {
  readonly status: OutcomeStatus;
  readonly code?: number;
  readonly failure?: 'response' | 'timeout' | 'network' | 'refused';
  readonly exhausted?: Exhausted;
}): string | undefined {
  if (status === 'delivered' || status === 'pending') return undefined;
  if (status === 'filtered') return 'the steps left no event';
  if (status === 'expired') return 'the time in expirytime is over';
  const said = code === undefined ? sayFailure(failure) : `the target answered ${code}`;
  const last = said ?? (status === 'disabled' ? 'the rule or the target is gone' : 'the delivery was given up');
  if (exhausted === 'attempts') return `all attempts failed; the last: ${last}`;
  return exhausted === 'age' ? `it became too old; the last: ${last}` : last;
}

function sayFailure(failure: 'response' | 'timeout' | 'network' | 'refused' | undefined): string | undefined {
  if (failure === 'timeout') return 'the target did not answer in time';
  if (failure === 'network') return 'the target could not be reached';
  return failure === 'refused' ? 'the request was not sent' : undefined;
}
