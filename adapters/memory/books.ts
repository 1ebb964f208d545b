import { noTotals, pendingOf, type ShardBooks, type Tally, together } from '../../mesh/books.ts';
import { deliveriesOf } from '../../mesh/envelope.ts';

/** The books of a queue that is all in memory. */
export function createMemoryBooks(): {
  plan(messages: readonly string[]): void;
  end(tally: Tally): void;
  /** `waiting`: all that is in the queue. */
  read(waiting: readonly string[]): ShardBooks;
} {
  let totals = noTotals;
  const targets: Record<string, Tally['ended'][string]> = {};

  return {
    plan(messages) {
      totals = { ...totals, planned: totals.planned + weigh(messages) };
    },
    end({ added, ended }) {
      totals = { ...totals, planned: totals.planned + added };
      for (const [target, ends] of Object.entries(ended)) {
        totals = { ...totals, ...together(totals, ends) };
        targets[target] = { ...targets[target], ...together(targets[target] ?? {}, ends) };
      }
    },
    read: (waiting) => ({ ...totals, targets, pending: pendingOf(totals), counted: weigh(waiting) }),
  };
}

function weigh(messages: readonly string[]): number {
  return messages.reduce((sum, message) => sum + deliveriesOf(message), 0);
}
