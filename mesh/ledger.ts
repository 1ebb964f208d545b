/** What happened to one delivery at one moment. */
export interface LedgerRecord {
  readonly at: number;
  readonly tenant: string;
  readonly bus: string;
  readonly status: DeliveryStatus;
  /** This and the next two are cut to `nameLength`. */
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly rule: string;
  readonly target: string;
  /** The name of the replay that it is of. */
  readonly replay?: string;
  /** From 1. */
  readonly attempt: number;
  /** Of several events that the rule's steps made of this one, those that the record is about, from 1. */
  readonly parts?: readonly number[];
  /** What steps took out or put in, and which did not succeed: names and paths, never values. */
  readonly steps?: readonly StepNote[];
  /** HTTP status of the target's answer, where there was one. */
  readonly code?: number;
  readonly latencyMs?: number;
  /** How the attempt failed; absent where there was none, as when the steps fail. */
  readonly failure?: 'response' | 'timeout' | 'network' | 'refused';
  /** The limit of the retry policy that made it a dead letter. */
  readonly exhausted?: 'attempts' | 'age';
  /** Why it failed, for a reader; cut to `reasonLength`, never a secret. */
  readonly reason?: string;
  /** When the next attempt is due. */
  readonly nextAt?: number;
  /** Dead letters carry the whole event as its JSON text; where there are many large ones, the older ones do not. */
  readonly event?: string;
  /** Of dead letters: which event of which request it was, and when that was accepted. */
  readonly receipt?: { readonly id: string; readonly index: number; readonly at: number };
}

/**
 * `retrying` is a moment, and so is `redriven`: a dead letter was put back. The others are ends. `filtered`: the rule's steps
 * left no event to deliver; `expired`: it came too late by its own attribute `expirytime`.
 */
export type DeliveryStatus =
  | 'delivered'
  | 'retrying'
  | 'dead-lettered'
  | 'redriven'
  | 'disabled'
  | 'filtered'
  | 'expired';

export interface StepNote {
  /** Its place among the rule's steps, from 0. */
  readonly step: number;
  readonly kind: string;
  readonly outcome: 'done' | 'skipped' | 'passedThrough' | 'failed';
  readonly touched?: readonly string[];
  readonly reason?: string;
}

/** Which records are meant; what is absent does not matter. */
export interface LedgerFilter {
  readonly eventId?: string;
  readonly source?: string;
  readonly type?: string;
  readonly rule?: string;
  readonly target?: string;
  /** `dead-lettered`: those that are still there, with their own, longer retention. */
  readonly status?: DeliveryStatus;
  /** Not before this, and before that, in milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
}

/** Of one shard, newest first. */
export interface LedgerQuery {
  readonly filter: LedgerFilter;
  /** Goes on after this position. */
  readonly after?: string;
  /** At most 1,000. */
  readonly limit: number;
  /** UTF-16 units of dead letters' events that the page may carry, the first one whatever its length; absent: none. */
  readonly eventLength?: number;
}

export interface LedgerEntry {
  /** Where it stands in the shard, as only the queue understands it: see `isPosition`. */
  readonly position: string;
  readonly record: LedgerRecord;
}

export interface LedgerPage {
  readonly items: readonly LedgerEntry[];
  /** So far was looked, and there may be more: pass it as `after`. */
  readonly reached?: string;
}

/** Positions travel in the cursors of answers. */
export function isPosition(text: string): boolean {
  return /^[A-Za-z0-9:-]{1,64}$/.test(text);
}

/** The most that a record keeps of an event's id, source or type, in UTF-16 units: attributes may have 65,536. */
export const nameLength = 1_024;
/** The most that a record keeps of a reason. */
export const reasonLength = 1_024;

export function answers(record: LedgerRecord, filter: LedgerFilter): boolean {
  const { eventId, source, type, rule, target, status, from, to } = filter;
  return (
    (eventId === undefined || record.eventId === eventId.slice(0, nameLength)) &&
    (source === undefined || record.source === source.slice(0, nameLength)) &&
    (type === undefined || record.type === type.slice(0, nameLength)) &&
    (rule === undefined || record.rule === rule) &&
    (target === undefined || record.target === target) &&
    (status === undefined || record.status === status) &&
    (from === undefined || record.at >= from) &&
    (to === undefined || record.at < to)
  );
}
