/** Repeatable choices. */
export interface Chance {
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  /** True in `share` of the cases. */
  readonly isOne: (share: number) => boolean;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  /** From `least` (0) to `most` results of `make`. */
  readonly some: <Item>(most: number, make: () => Item, least?: number) => Item[];
}

/** The same seed gives the same choices (mulberry32). */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    isOne: (share) => next() < share,
    pick: (items) => items[below(items.length)]!,
    some: (most, make, least = 0) => Array.from({ length: least + below(most - least + 1) }, make),
  };
}
