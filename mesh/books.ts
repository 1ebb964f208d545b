/**
 * The books: what became of every delivery that was ever planned. One event for one target is one delivery; so is each of
 * several events that the steps make of it, from the moment they make them, and each dead letter that is handed to another
 * target or put back. At every moment `planned` is the sum of all ends and of what is pending.
 */

/** How a delivery comes to its end. */
export type End = 'delivered' | 'deadLettered' | 'disabled' | 'expired' | 'filtered';

export type Ends = { readonly [Name in End]?: number };

/** What one dispatch has to tell the books, whatever of it is recorded. */
export interface Tally {
  /** Deliveries that came into being in it: parts after the first, and dead letters for another target. */
  readonly added: number;
  /** By `rule/target`. */
  readonly ended: Readonly<Record<string, Ends>>;
}

/** What a shard's queue has counted since it is there, over every crash. */
export interface Totals extends Readonly<Record<End, number>> {
  readonly planned: number;
  /** Set aside: our own code failed on their message for more than a day. */
  readonly quarantined: number;
}

/** The books of one shard, and whether they are true. */
export interface ShardBooks extends Totals {
  /** What by the counters has not come to its end. */
  readonly pending: number;
  /** What is in the queue, counted there; absent where it is too much to be counted for a request. */
  readonly counted?: number;
  /** By `rule/target`; ends of targets that found no room any more are in the totals only. */
  readonly targets: Readonly<Record<string, Ends>>;
}

export const noTotals: Totals = {
  planned: 0,
  delivered: 0,
  deadLettered: 0,
  disabled: 0,
  expired: 0,
  filtered: 0,
  quarantined: 0,
};

/** What is planned and has not come to its end. */
export function pendingOf(totals: Totals): number {
  const { planned, delivered, deadLettered, disabled, expired, filtered, quarantined } = totals;
  return planned - delivered - deadLettered - disabled - expired - filtered - quarantined;
}

/** The sums of those that `other` has. */
export function together(one: Ends, other: Ends): { [Name in End]?: number } {
  const sums: { [Name in End]?: number } = {};
  for (const [end, count] of Object.entries(other)) sums[end as End] = (one[end as End] ?? 0) + count;
  return sums;
}

export interface Tallying {
  add(deliveries: number): void;
  end(target: { readonly rule: string; readonly target: string }, end: End, deliveries: number): void;
  total(): Tally;
}

/** Of how many deliveries a plan is; `parts` as in `DeliveryPlan`. */
export function deliveriesIn({ parts }: { readonly parts?: readonly number[] }): number {
  return parts?.length ?? 1;
}

export function createTally(): Tallying {
  const ended: Record<string, { [Name in End]?: number }> = {};
  let added = 0;
  return {
    add(deliveries) {
      added += deliveries;
    },
    end({ rule, target }, end, deliveries) {
      // Names have a slash between them here, so that no key is special to an object.
      const ends = (ended[`${rule}/${target}`] ??= {});
      ends[end] = (ends[end] ?? 0) + deliveries;
    },
    total: () => ({ added, ended }),
  };
}
