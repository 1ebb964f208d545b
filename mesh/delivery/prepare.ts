import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { StepNote } from '../ledger.ts';
import type { Reshaped } from '../reshape.ts';
import type { AttemptResult } from '../sink.ts';
import type { Item } from './group.ts';

/** An event as its target is to have it. */
export interface Ready {
  readonly planned: PlannedEvent;
  /** Which of several events that the steps made, from 1; absent where they made one. */
  readonly part?: number;
  readonly event: Event;
  readonly notes: readonly StepNote[];
}

/** What running the steps came to. `gone`: parts that were left to deliver, and that the steps drop now. `unavailable`: a function or a secret could not be had, as if the target had not answered. */
export type Prepared =
  | { readonly kind: 'ready'; readonly events: readonly Ready[]; readonly gone: readonly number[] }
  | { readonly kind: 'filtered'; readonly notes: readonly StepNote[]; readonly gone: readonly number[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly result: AttemptResult };

/** Runs the steps on one event of a group. `report` is told of faults that are ours. */
export function prepare(
  item: Item,
  run: () => Reshaped | Promise<Reshaped>,
  report: (error: unknown) => void,
): Prepared | Promise<Prepared> {
  try {
    const reshaped = run();
    if (!(reshaped instanceof Promise)) return toPrepared(item, reshaped);
    return reshaped.then(
      (value) => toPrepared(item, value),
      (error: unknown) => toFailure(error, report),
    );
  } catch (error) {
    return toFailure(error, report);
  }
}

function toPrepared({ planned, parts }: Item, { events, notes }: Reshaped): Prepared {
  const [only] = events;
  if (only !== undefined && events.length === 1 && parts === undefined) {
    return { kind: 'ready', events: [{ planned, event: only, notes }], gone: [] };
  }
  const ready = events.flatMap((event, index): Ready[] => {
    const part = index + 1;
    const wanted = event !== undefined && (parts === undefined || parts.includes(part));
    return wanted ? [{ planned, part, event, notes }] : [];
  });
  const gone = (parts ?? []).filter((wanted) => !ready.some(({ part }) => part === wanted));
  return ready.length === 0 ? { kind: 'filtered', notes, gone } : { kind: 'ready', events: ready, gone };
}

/** A fault of ours, or of what we depend on, is that of this delivery alone: others of the batch go on. */
function toFailure(error: unknown, report: (error: unknown) => void): Prepared {
  if (!isOfUser(error)) {
    report(error);
    return { kind: 'unavailable', result: toResult('internal: the steps broke off; the log has the fault', undefined) };
  }
  const reason = `${error.code}: ${error.message}`;
  return error.code === 'function_unavailable' || error.code === 'credential_unavailable'
    ? { kind: 'unavailable', result: toResult(reason, error.retryAfter) }
    : { kind: 'failed', reason };
}

/** What a user's code throws may be anything, also something that throws when it is looked at. */
function isOfUser(error: unknown): error is TulleError {
  try {
    return TulleError.is(error) && error.fault === 'user';
  } catch {
    return false;
  }
}

/** What `Retry-After` does follows from the status 503 that a target would have answered. */
function toResult(reason: string, retryAfter: number | undefined): AttemptResult {
  return {
    ok: false,
    failure: 'response',
    code: 503,
    latencyMs: 0,
    reason,
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1000 }),
  };
}
