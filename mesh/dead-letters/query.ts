import { type LedgerRecord, nameLength } from '../ledger.ts';

/** Which dead letters are meant; what is absent does not matter. */
export interface DeadLetterFilter {
  readonly rule?: string;
  readonly target?: string;
  readonly type?: string;
  readonly source?: string;
  readonly eventId?: string;
  /** They died before this, in milliseconds since the epoch. */
  readonly before?: number;
}

/** Of one shard. */
export interface DeadLetterQuery {
  readonly filter: DeadLetterFilter;
  readonly order: 'newest' | 'oldest';
  /** Goes on after this sequence number. */
  readonly after?: number;
  readonly limit: number;
}

export interface DeadLetterEntry {
  readonly sequence: number;
  readonly record: LedgerRecord;
}

export interface DeadLetterPage {
  /** Without their events. */
  readonly items: readonly DeadLetterEntry[];
  /** So far was looked, and there may be more: pass it as `after`. */
  readonly reached?: number;
}

export function isMeant(record: LedgerRecord, filter: DeadLetterFilter): boolean {
  const { rule, target, type, source, eventId, before } = filter;
  return (
    (rule === undefined || record.rule === rule) &&
    (target === undefined || record.target === target) &&
    (type === undefined || record.type === type.slice(0, nameLength)) &&
    (source === undefined || record.source === source.slice(0, nameLength)) &&
    (eventId === undefined || record.eventId === eventId.slice(0, nameLength)) &&
    (before === undefined || record.at < before)
  );
}
