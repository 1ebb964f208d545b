import { TulleError } from '../../event/error.ts';
import type { Claim } from '../../mesh/ports/queue.ts';
import { collections, toSeconds } from './keys.ts';
import { inSteps, type Item, type Table } from './table.ts';

/**
 * Which events a shard has been given. The queue and the table share no transaction, so a claim has two steps: it is made,
 * then the messages are sent, then it is confirmed. Nobody is told of a duplicate before that; whoever finds a claim that
 * is not confirmed waits for it, and takes it over when its maker must be dead. So a crash between the steps repeats an
 * event at worst, and never loses one.
 */
export interface DynamoClaims {
  /** Tries to claim each; positions by what became of them. */
  make(claims: readonly Claim[], seconds: number): Promise<Made>;
  /** The messages of these are in the queue. */
  confirm(claims: readonly Claim[], seconds: number): Promise<void>;
}

export interface Made {
  readonly mine: readonly number[];
  /** Known for sure. */
  readonly known: readonly number[];
  /** Somebody else is at it. */
  readonly pending: readonly number[];
}

/** Longer than a function takes from the claim to its confirmation; it may run for 29 s. */
const MAKER_MS = 60_000;

export function createClaims({ table, now }: { readonly table: Table; readonly now: () => number }): DynamoClaims {
  /** Whether it was free. */
  async function claim(key: string, seconds: number): Promise<boolean> {
    const item = await table.update(
      { pk: collections.claim(key), sk: 'claim' },
      {
        update: 'SET #until = :until, #pending = :pending, #ttl = :ttl',
        condition:
          'attribute_not_exists(#until) OR #until <= :now OR (attribute_exists(#pending) AND #pending <= :now)',
        values: {
          ':until': now() + seconds * 1000,
          ':pending': now() + MAKER_MS,
          ':now': now(),
          ':ttl': toSeconds(now()) + seconds + 60,
        },
      },
    );
    return item !== undefined;
  }

  /** Of those that were not free: others may still be at it, or it was over just now. */
  async function look(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await table.getMany(keys.map((key) => ({ pk: collections.claim(key), sk: 'claim' })));
    return new Set(
      keys.filter((key) => {
        const item = found.get(`${collections.claim(key)}\nclaim`);
        return item !== undefined && item['pending'] === undefined;
      }),
    );
  }

  return {
    async make(claims, seconds) {
      const first = new Map<string, number>();
      for (const [position, { key }] of claims.entries()) if (!first.has(key)) first.set(key, position);
      const keys = [...first.keys()];
      const free = await inSteps(keys, (key) => claim(key, seconds), CLAIMS_AT_ONCE);
      const taken = keys.filter((_, index) => free[index] !== true);
      const known = taken.length === 0 ? new Set<string>() : await look(taken);
      const left = new Set(taken);
      const made = { mine: [] as number[], known: [] as number[], pending: [] as number[] };
      for (const [position, { key }] of claims.entries()) {
        // Of those with one key in a request the first one counts, and the others come after it.
        const isMine = !left.has(key);
        if (isMine && first.get(key) === position) made.mine.push(position);
        else if (isMine || known.has(key)) made.known.push(position);
        else made.pending.push(position);
      }
      return made;
    },
    async confirm(claims, seconds) {
      const until = now() + seconds * 1000;
      const items = claims.map(({ key }): Item => {
        return { pk: collections.claim(key), sk: 'claim', until, ttl: toSeconds(until) + 60 };
      });
      const [only] = items;
      if (items.length === 1 && only !== undefined) await table.put(only);
      else await table.putMany(items);
    },
  };
}

export function claimsAreStuck(): TulleError {
  return new TulleError('unavailable', 'Somebody else is sending the same events, and has not come to an end.', {
    mend: 'Send the request again; events that are already stored are left out.',
    retryAfter: 5,
  });
}

const CLAIMS_AT_ONCE = 32;
