import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64 } from '../event/base64.ts';
import type { Event } from '../event/event.ts';
import type { CompiledSnapshot } from './compiled-snapshot.ts';
import type { Receipt } from './envelope.ts';
import { hash } from './hash.ts';
import type { LaneMessage } from './lane.ts';
import type { Appended, Claim, Entries } from './ports/queue.ts';
import type { ShardPlace } from './ports/shard.ts';
import { type Drafts, draft, encodeDrafts, type Plan } from './router.ts';

/** A plan whose events are left out where their shards know them. */
export interface ClaimedPlan extends Plan {
  /** Of each shard, in the order of `shards`: which event of the request each of its claims is for. */
  readonly claimants: readonly (readonly number[])[];
}

/**
 * As `route`, for a bus that deduplicates by (source, id): an event goes to the same shard each time, in messages of its
 * own, and every shard that it goes to remembers it for itself. So an event that comes again still reaches the targets of
 * a shard that never had it: because it was away then, or because the rules have changed.
 */
export function routeOnce(
  compiled: CompiledSnapshot,
  events: readonly Event[],
  receipt: Receipt,
  seconds: number,
): ClaimedPlan {
  const { tenant, bus, settings } = compiled.snapshot;
  const matched: number[] = [];
  const places = new Map<number, { readonly entries: ClaimedEntries; readonly claimants: number[] }>();
  for (const [index, event] of events.entries()) {
    const found = compiled.match(event);
    matched.push(found.rules.length);
    const drafts = new Map<number, Drafts>();
    const { source, id } = event.attributes;
    draft(drafts, found, { event, receipt, index }, settings.shards, hash(`${source}\n${id}`) % settings.shards);
    for (const [shard, own] of drafts) {
      let place = places.get(shard);
      if (place === undefined) {
        place = {
          entries: { messages: [], archived: [], laned: [], claims: { seconds, events: [] } },
          claimants: [],
        };
        places.set(shard, place);
      }
      const { entries, claimants } = place;
      const { messages, archived = [], laned } = encodeDrafts(compiled.snapshot, own);
      entries.claims.events.push({
        key: claimKey({ tenant, bus, shard }, event),
        messages: append(entries.messages, messages),
        archived: append(entries.archived, archived),
        laned: append(entries.laned, laned),
      });
      claimants.push(index);
    }
  }
  const shards = new Map(Array.from(places, ([shard, { entries }]) => [shard, entries]));
  return { matched, shards, claimants: Array.from(places.values(), ({ claimants }) => claimants) };
}

/** The events of the request that every shard they went to had already; `appended` in the order of the plan's shards. */
export function findDuplicates(
  { claimants = [] }: Partial<ClaimedPlan>,
  appended: readonly Appended[],
): ReadonlySet<number> {
  if (claimants.length === 0) return none;
  const duplicates = new Set(claimants.flat());
  for (const [shard, events] of claimants.entries()) {
    const known = new Set(appended[shard]?.duplicates);
    for (const [position, event] of events.entries()) if (!known.has(position)) duplicates.delete(event);
  }
  return duplicates;
}

const none: ReadonlySet<number> = new Set();

/** What is to be stored where the claims at these positions are known. */
export function leaveOut(
  { messages, archived = [], laned = [], claims }: Entries,
  duplicates: readonly number[],
): Required<Pick<Entries, 'messages' | 'archived' | 'laned'>> {
  if (duplicates.length === 0) return { messages, archived, laned };
  const known = duplicates.flatMap((position) => claims?.events[position] ?? []);
  const without = <Value>(values: readonly Value[], positionsOf: (claim: Claim) => readonly number[]) => {
    const out = new Set(known.flatMap(positionsOf));
    return values.filter((_, position) => !out.has(position));
  };
  return {
    messages: without(messages, (claim) => claim.messages),
    archived: without(archived, (claim) => claim.archived ?? []),
    laned: without(laned, (claim) => claim.laned),
  };
}

interface ClaimedEntries {
  readonly messages: string[];
  readonly archived: string[];
  readonly laned: LaneMessage[];
  readonly claims: { readonly seconds: number; readonly events: Claim[] };
}

/** Hashed, because ids may be long: 44 characters. Adapters that keep several shards in one place rely on the whole address. */
function claimKey({ tenant, bus, shard }: ShardPlace, { attributes: { source, id } }: Event): string {
  return toBase64(sha256(utf8ToBytes(JSON.stringify([tenant, bus, shard, source, id]))));
}

/** Answers the positions of what was added. */
function append<Value>(values: Value[], more: readonly Value[]): number[] {
  return more.map((value) => values.push(value) - 1);
}
