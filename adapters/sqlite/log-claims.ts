import { leaveOut } from '../../mesh/deduplication.ts';
import type { LaneMessage } from '../../mesh/lane.ts';
import type { Entries } from '../../mesh/ports/queue.ts';
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
  const { keys, seconds } = claimsOf(appends);
  const known = keys.length === 0 ? new Set<string>() : store.claim(keys, now, now + seconds * 1000);
  return withoutKnown(appends, known);
}

/** All keys, each once, and for how long they are to be claimed. */
export function claimsOf(appends: readonly Entries[]): { readonly keys: readonly string[]; readonly seconds: number } {
  const claims = appends.flatMap((entries) => entries.claims ?? []);
  const keys = new Set(claims.flatMap(({ events }) => events.map(({ key }) => key)));
  // They differ for a moment only, when the bus was just changed.
  return { keys: [...keys], seconds: Math.max(0, ...claims.map((claim) => claim.seconds)) };
}

/** Of keys that were not known whoever comes first in the commit has them. */
export function withoutKnown(appends: readonly Entries[], known: ReadonlySet<string>): Taken {
  const given = new Set(known);
  const duplicates = appends.map(({ claims }) =>
    (claims?.events ?? []).flatMap(({ key }, position) => {
      if (given.has(key)) return [position];
      given.add(key);
      return [];
    }),
  );
  const kept = appends.map((entries, index) => leaveOut(entries, duplicates[index] ?? []));
  return {
    messages: kept.flatMap(({ messages }) => messages),
    archived: kept.flatMap(({ archived }) => archived),
    laned: kept.flatMap(({ laned }) => laned),
    duplicates,
  };
}
