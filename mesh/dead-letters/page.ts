import type { LedgerRecord } from '../ledger.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { ShardPlace } from '../ports/shard.ts';
import { mergePages } from '../shard-pages.ts';
import type { DeadLetterPage, DeadLetterQuery } from './query.ts';

export interface PlacedLetter {
  readonly shard: number;
  readonly sequence: number;
  readonly record: LedgerRecord;
}

export interface BusPage {
  readonly letters: readonly PlacedLetter[];
  /** Where each shard goes on; absent when there is nothing more. */
  readonly positions?: readonly (number | undefined)[];
}

/** A page of a bus's dead letters by time, over all of its shards. It may have fewer than `limit` and yet be followed by more. */
export async function readPage(
  deadLetters: DeadLetters,
  bus: Omit<ShardPlace, 'shard'> & { readonly shards: number },
  query: Omit<DeadLetterQuery, 'after'>,
  positions: readonly (number | undefined)[] = [],
): Promise<BusPage> {
  const { tenant, bus: name, shards } = bus;
  const pages = await Promise.all(
    Array.from({ length: shards }, (_, shard): Promise<DeadLetterPage> => {
      const after = positions[shard];
      return deadLetters.list({ tenant, bus: name, shard }, { ...query, ...(after === undefined ? {} : { after }) });
    }),
  );
  const isNewest = query.order === 'newest';
  const { items, positions: next } = mergePages(pages, {
    limit: query.limit,
    isBefore: ({ record: one }, { record: other }) => (isNewest ? one.at > other.at : one.at < other.at),
    positionOf: ({ sequence }) => sequence,
    positions,
    // Where there is nothing older, what dies from now on is on no later page.
    over: isNewest ? 0 : undefined,
  });
  return { letters: items, ...(next === undefined ? {} : { positions: next }) };
}
