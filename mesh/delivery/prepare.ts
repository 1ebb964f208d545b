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

/** What running the steps came to. `unavailable`: a function or a secret could not be had, as if the target had not answered. */
export type Prepared =
  | { readonly kind: 'ready'; readonly events: readonly Ready[] }
  | { readonly kind: 'filtered'; readonly notes: readonly StepNote[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly result: AttemptResult };

/** Runs the steps on one event of a group. Throws or rejects when the fault is ours: then nothing is settled. */
export function prepare(item: Item, run: () => Reshaped | Promise<Reshaped>): Prepared | Promise<Prepared> {
  try {
    const reshaped = run();
    if (!(reshaped instanceof Promise)) return toPrepared(item, reshaped);
    return reshaped.then((value) => toPrepared(item, value), toFailure);
  } catch (error) {
    return toFailure(error);
  }
}

function toPrepared({ planned, parts }: Item, { events, notes }: Reshaped): Prepared {
  const [only] = events;
  if (only !== undefined && events.length === 1 && (parts === undefined || parts.includes(1))) {
    return { kind: 'ready', events: [{ planned, event: only, notes }] };
  }
  const ready = events
    .map((event, index) => ({ planned, part: index + 1, event, notes }))
    .filter(({ part }) => parts === undefined || parts.includes(part));
  return ready.length === 0 ? { kind: 'filtered', notes } : { kind: 'ready', events: ready };
}

function toFailure(error: unknown): Prepared {
  if (!TulleError.is(error) || error.fault === 'system') throw error;
  const reason = `${error.code}: ${error.message}`;
  return error.code === 'function_unavailable' || error.code === 'credential_unavailable'
    ? { kind: 'unavailable', result: toResult(reason, error.retryAfter) }
    : { kind: 'failed', reason };
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
