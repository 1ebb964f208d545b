import { TulleError } from '../event/error.ts';
import { type End, type Ends, noTotals, type ShardBooks, together, type Totals } from './books.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Snapshot } from './snapshot.ts';

/** The books of a bus: of all its shards together, and of each. */
export interface BusBooks extends BooksAnswer {
  readonly bus: string;
  /** By `rule/target`. */
  readonly targets: Readonly<Record<string, Ends>>;
  readonly shards: readonly (BooksAnswer & { readonly shard: number })[];
}

export interface BooksAnswer extends Totals {
  readonly pending: number;
  /** Whether what is in the queue, counted there, is what the counters say; absent where that was too much to count. */
  readonly balanced?: boolean;
}

/** @throws TulleError `not_found` where the bus's queue keeps no books. */
export async function readBooks(ledger: Ledger, snapshot: Snapshot): Promise<BusBooks> {
  const { tenant, bus, settings } = snapshot;
  const read = await Promise.all(
    Array.from({ length: settings.shards }, async (_, shard) => ledger.books?.({ tenant, bus, shard })),
  );
  const shards = read.flatMap((found, shard) => (found === undefined ? [] : [{ shard, books: found }]));
  if (shards.length === 0) {
    throw new TulleError('not_found', `The queue of the bus ${bus} keeps no books.`, {
      mend: `Ask GET /v1/buses/${bus}/deliveries for the history instead.`,
    });
  }
  const targets: Record<string, { [Name in End]?: number }> = {};
  const totals = { ...noTotals, pending: 0 };
  for (const { books: own } of shards) {
    for (const name of counters) totals[name] += own[name];
    for (const [name, ends] of Object.entries(own.targets)) {
      const known = (targets[name] ??= {});
      Object.assign(known, together(known, ends));
    }
  }
  const answers = shards.map(({ shard, books }) => ({ shard, ...toAnswer(books) }));
  const isKnown = answers.every(({ balanced }) => balanced !== undefined);
  const isFalse = answers.some(({ balanced }) => balanced === false);
  return { bus, ...totals, ...(isFalse || isKnown ? { balanced: !isFalse } : {}), targets, shards: answers };
}

function toAnswer({ counted, targets: _targets, ...books }: ShardBooks): BooksAnswer {
  return { ...books, ...(counted === undefined ? {} : { balanced: counted === books.pending }) };
}

const counters = [...(Object.keys(noTotals) as (keyof Totals)[]), 'pending'] as const;
