import type { LedgerRecord } from '../ledger.ts';
import type { DeadLetters, ShardPlace } from '../ports.ts';
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
  const taken = pages.map(() => 0);
  const letters: PlacedLetter[] = [];
  while (letters.length < query.limit) {
    const shard = nextShard(pages, taken, query.order);
    const letter = shard === undefined ? undefined : pages[shard]?.items[taken[shard] ?? 0];
    if (shard === undefined || letter === undefined) break;
    taken[shard] = (taken[shard] ?? 0) + 1;
    letters.push({ shard, ...letter });
  }
  const isOver = pages.every(({ items, reached }, shard) => reached === undefined && taken[shard] === items.length);
  if (isOver) return { letters };
  return {
    letters,
    positions: pages.map(({ items, reached }, shard) => {
      const count = taken[shard] ?? 0;
      if (count < items.length) return items[count - 1]?.sequence ?? positions[shard];
      // Where there is nothing older, what dies from now on is on no later page.
      const none = query.order === 'newest' ? 0 : undefined;
      return reached ?? items.at(-1)?.sequence ?? positions[shard] ?? none;
    }),
  };
}

/** The shard whose next letter comes first; none when one has to be asked before that is known. */
function nextShard(
  pages: readonly DeadLetterPage[],
  taken: readonly number[],
  order: DeadLetterQuery['order'],
): number | undefined {
  let best: { readonly shard: number; readonly at: number } | undefined;
  for (const [shard, { items, reached }] of pages.entries()) {
    const head = items[taken[shard] ?? 0];
    if (head === undefined) {
      if (reached !== undefined) return undefined;
      continue;
    }
    const { at } = head.record;
    if (best === undefined || (order === 'newest' ? at > best.at : at < best.at)) best = { shard, at };
  }
  return best?.shard;
}
