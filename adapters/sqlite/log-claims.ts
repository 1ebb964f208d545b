import { leaveOut } from '../../mesh/deduplication.ts';
import type { LaneMessage } from '../../mesh/lane.ts';
import type { Entries } from '../../mesh/ports.ts';
import type { ClaimStore } from './claim-store.ts';

/** What one commit stores of several appends. */
export interface Taken {
  readonly messages: readonly string[];
  readonly archived: readonly string[];
  readonly laned: readonly LaneMessage[];
  /** An append each: the positions of the claims that were known. */
  readonly duplicates: readonly (readonly number[])[];
}

/** Everything, in order, but the events that are known already. Claims the others: in the transaction that stores them. */
export function take(appends: readonly Entries[], store: ClaimStore, now: number): Taken {
  const claimed = claimAll(appends, store, now);
  const duplicates = appends.map(({ claims }) =>
    (claims?.events ?? []).flatMap(({ key }, position) => (claimed.delete(key) ? [] : [position])),
  );
  const kept = appends.map((entries, index) => leaveOut(entries, duplicates[index] ?? []));
  return {
    messages: kept.flatMap(({ messages }) => messages),
    archived: kept.flatMap(({ archived }) => archived),
    laned: kept.flatMap(({ laned }) => laned),
    duplicates,
  };
}

/** The keys that nobody had: whoever comes first in the commit has them. */
function claimAll(appends: readonly Entries[], store: ClaimStore, now: number): Set<string> {
  const claims = appends.flatMap((entries) => entries.claims ?? []);
  const keys = new Set(claims.flatMap(({ events }) => events.map(({ key }) => key)));
  if (keys.size === 0) return keys;
  // They differ for a moment only, when the bus was just changed.
  const seconds = Math.max(...claims.map((claim) => claim.seconds));
  for (const known of store.claim([...keys], now, now + seconds * 1000)) keys.delete(known);
  return keys;
}
