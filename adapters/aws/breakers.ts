import { type Breaker, type BreakerMemory, createBreaker } from '../../mesh/delivery/breaker.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { collections, toSeconds } from './keys.ts';
import type { Item, Table } from './table.ts';

/** What is known of targets that fail, or asked to be slowed down. Of those that are well nothing is stored. */
export interface Breakers {
  get(place: ShardPlace, target: string): Promise<Breaker>;
  /** Reads, applies and writes, again where somebody else wrote in between; answers what was applied last. */
  change<Result>(place: ShardPlace, target: string, apply: (breaker: Breaker) => Result): Promise<Result>;
  list(place: ShardPlace): Promise<ReadonlyMap<string, Breaker>>;
}

const TRIES = 8;
const KEPT_MS = 7 * 86_400_000;

export function createBreakers({ table, now }: { readonly table: Table; readonly now: () => number }): Breakers {
  return {
    async get(place, target) {
      return toBreaker(await table.get({ pk: collections.breakers(place), sk: target }));
    },
    async change(place, target, apply) {
      const key = { pk: collections.breakers(place), sk: target };
      for (let attempt = 1; ; attempt += 1) {
        const item = await table.get(key);
        const breaker = toBreaker(item);
        const result = apply(breaker);
        const memory = JSON.stringify(breaker.memory);
        if (memory === item?.['memory'] || attempt === TRIES) return result;
        const unchanged = {
          expression: item === undefined ? 'attribute_not_exists(#pk)' : '#revision = :revision',
          ...(item === undefined ? {} : { values: { ':revision': Number(item['revision']) } }),
        };
        const ttl = toSeconds(now() + KEPT_MS);
        const next = { ...key, memory, revision: Number(item?.['revision'] ?? 0) + 1, ttl };
        if (isWell(breaker, now())) {
          if (item === undefined || (await table.delete(key, unchanged))) return result;
        } else if (await table.put(next, unchanged)) return result;
      }
    },
    async list(place) {
      const { items } = await table.query({ pk: collections.breakers(place) });
      return new Map(items.map((item) => [item.sk, toBreaker(item)]));
    },
  };
}

function toBreaker(item: Item | undefined): Breaker {
  const memory = item?.['memory'];
  return typeof memory === 'string' ? createBreaker(JSON.parse(memory) as BreakerMemory) : createBreaker();
}

function isWell(breaker: Breaker, now: number): boolean {
  const { state, inRow, failed } = breaker.memory;
  return state === 'closed' && inRow === 0 && failed === 0 && breaker.share(now) === 1;
}
