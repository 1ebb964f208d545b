/** What one shard answers: its items in order and, where there may be more, the position to go on after. */
export interface ShardPage<Item, Position> {
  readonly items: readonly Item[];
  readonly reached?: Position;
}

export interface MergedPage<Item, Position> {
  readonly items: readonly (Item & { readonly shard: number })[];
  /** Where each shard goes on; absent when there is nothing more. */
  readonly positions?: readonly (Position | undefined)[];
}

export interface MergeOptions<Item, Position> {
  readonly limit: number;
  readonly isBefore: (one: Item, other: Item) => boolean;
  readonly positionOf: (item: Item) => Position;
  /** Where the shards began; `undefined` for one that has not begun. */
  readonly positions: readonly (Position | undefined)[];
  /** Stands for a shard that has nothing more, also nothing that comes from now on. */
  readonly over: Position | undefined;
}

/**
 * The shards' pages as one, in order: nothing is lost or doubled between it and the next, which goes on from its
 * positions. It may have fewer items than `limit` and yet be followed by more.
 */
export function mergePages<Item, Position>(
  pages: readonly ShardPage<Item, Position>[],
  { limit, isBefore, positionOf, positions, over }: MergeOptions<Item, Position>,
): MergedPage<Item, Position> {
  const taken = pages.map(() => 0);
  const merged: (Item & { shard: number })[] = [];
  while (merged.length < limit) {
    const next = nextOf(pages, taken, isBefore);
    if (next === undefined) break;
    taken[next.shard] = (taken[next.shard] ?? 0) + 1;
    merged.push({ ...next.item, shard: next.shard });
  }
  if (pages.every(({ items, reached }, shard) => reached === undefined && taken[shard] === items.length)) {
    return { items: merged };
  }
  return {
    items: merged,
    positions: pages.map(({ items, reached }, shard) => {
      const count = taken[shard] ?? 0;
      const last = items[count - 1];
      if (count < items.length) return last === undefined ? positions[shard] : positionOf(last);
      if (reached !== undefined) return reached;
      return over ?? (last === undefined ? positions[shard] : positionOf(last));
    }),
  };
}

/** The first of the heads; none when a shard has to be asked before that is known. */
function nextOf<Item, Position>(
  pages: readonly ShardPage<Item, Position>[],
  taken: readonly number[],
  isBefore: (one: Item, other: Item) => boolean,
): { readonly shard: number; readonly item: Item } | undefined {
  let best: { readonly shard: number; readonly item: Item } | undefined;
  for (const [shard, { items, reached }] of pages.entries()) {
    const item = items[taken[shard] ?? 0];
    if (item === undefined) {
      if (reached !== undefined) return undefined;
      continue;
    }
    if (best === undefined || isBefore(item, best.item)) best = { shard, item };
  }
  return best;
}
