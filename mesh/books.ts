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
