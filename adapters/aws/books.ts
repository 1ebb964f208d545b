import { type End, type Ends, noTotals, type ShardBooks, type Tally, together, type Totals } from '../../mesh/books.ts';

/** What came to its end on a shard, and how: sums of what its settlements told. */
export interface Sums {
  readonly totals: Readonly<Record<End | 'quarantined', number>>;
  readonly targets: Readonly<Record<string, Ends>>;
}

const { planned: _planned, ...blank } = noTotals;
export const noSums: Sums = { totals: blank, targets: {} };
/** Targets that are told apart. */
const MOST_TARGETS = 2_000;

export function addTally(sums: Sums, { ended }: Pick<Tally, 'ended'>, quarantined = 0): Sums {
  const totals = { ...sums.totals, quarantined: sums.totals.quarantined + quarantined };
  const targets = new Map(Object.entries(sums.targets));
  for (const [target, ends] of Object.entries(ended)) {
    Object.assign(totals, together(totals, ends));
    if (targets.has(target) || targets.size < MOST_TARGETS) {
      targets.set(target, { ...targets.get(target), ...together(targets.get(target) ?? {}, ends) });
    }
  }
  return { totals, targets: Object.fromEntries(targets) };
}

/**
 * SQS does not tell what it holds, so a delivery comes into the books when it ends, or while it waits in a lane. They are
 * right for all that the table knows, and cannot show that SQS has lost something.
 */
export function toBooks({ totals, targets }: Sums, waiting: number): ShardBooks {
  const { quarantined, ...ends } = totals;
  const ended = Object.values(ends).reduce((sum, count) => sum + count, 0);
  const all: Totals = { ...ends, quarantined, planned: ended + quarantined + waiting };
  return { ...all, pending: waiting, counted: waiting, targets };
}
