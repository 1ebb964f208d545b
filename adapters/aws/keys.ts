import type { ShardPlace } from '../../mesh/ports/shard.ts';

/** The item collections of a shard. Names of tenants and buses hold no slash. */
export const collections = {
  history: (place: ShardPlace) => `history/${toText(place)}`,
  books: (place: ShardPlace) => `books/${toText(place)}`,
  deadLetters: (place: ShardPlace) => `dead/${toText(place)}`,
  setAside: (place: ShardPlace) => `aside/${toText(place)}`,
  /** Which lanes there are. */
  lanes: (place: ShardPlace) => `lanes/${toText(place)}`,
  lane: (place: ShardPlace, lane: string) => `lane/${toText(place)}/${lane}`,
  breakers: (place: ShardPlace) => `breaker/${toText(place)}`,
  archive: (place: ShardPlace) => `archive/${toText(place)}`,
  settled: (place: ShardPlace) => `settled/${toText(place)}`,
  replays: (place: ShardPlace) => `replay/${toText(place)}`,
  claim: (key: string) => `claim/${key}`,
  mailbox: (receipt: string) => `mailbox/${receipt}`,
  /** Every shard that something happened on. */
  shards: 'shard',
} as const;

export function toText({ tenant, bus, shard }: ShardPlace): string {
  return `${tenant}/${bus}/${shard}`;
}

export function toPlace(text: string): ShardPlace {
  const [tenant = '', bus = '', shard = '0'] = text.split('/');
  return { tenant, bus, shard: Number(shard) };
}

/**
 * Numbers that grow with time, also where the clock stands still or goes back: hundreds to a millisecond, as one process
 * has them. 15 digits until the year 2286, which is what the numbers of dead letters may have.
 */
export interface Sequence {
  next(): number;
}

export function createSequence(now: () => number): Sequence {
  let last = 0;
  return {
    next() {
      last = Math.max(last + 1, Math.floor(now()) * 100);
      return last;
    },
  };
}

/** A number as a sort key. */
export function toSortKey(sequence: number): string {
  return String(sequence).padStart(16, '0');
}

export function toSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
