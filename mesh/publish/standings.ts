import { type DeliveryOutcome, isEnd, type OutcomeStatus } from './outcome.ts';

/** A delivery that was planned for one event of a request. */
export interface PlannedDelivery {
  readonly shard: number;
  /** Of the event in the request, from 0. */
  readonly index: number;
  readonly rule: string;
  readonly target: string;
}

/** What a publisher who waited is told of a delivery. */
export interface DeliveryStanding {
  readonly rule: string;
  readonly target: string;
  /** Which of several events that the rule's steps made, from 1. */
  readonly part?: number;
  readonly status: OutcomeStatus;
  /** Attempts that were made. */
  readonly attempts: number;
  readonly code?: number;
  readonly reason?: string;
  readonly nextAt?: number;
}

/** Where the deliveries of one request stand, as far as it is known. */
export interface Standings {
  tell(outcomes: readonly DeliveryOutcome[]): void;
  /** Every delivery has ended, or every one in a shard. */
  isDone(shard?: number): boolean;
  isDelivered(): boolean;
  /** The first reply of a target, as JSON text; empty where it was too large to be handed back. */
  reply(): string | undefined;
  /** Those of one event of the request. */
  of(index: number): readonly DeliveryStanding[];
}

interface Row extends PlannedDelivery {
  /** By part; the delivery as a whole is 0. */
  readonly parts: Map<number, DeliveryStanding>;
}

const whole = 0;

export function createStandings(planned: readonly PlannedDelivery[]): Standings {
  const rows = new Map(planned.map((delivery) => [keyOf(delivery), toRow(delivery)]));
  let reply: string | undefined;

  function tellRow({ parts }: Row, outcome: DeliveryOutcome): void {
    if (outcome.parts !== undefined) parts.delete(whole);
    // An end of the delivery as a whole is that of every part.
    for (const part of outcome.parts ?? (parts.has(whole) ? [whole] : parts.keys())) {
      const known = parts.get(part);
      // After a crash an event may be delivered again; what was told of it stays.
      if (known === undefined || !isEnd(known.status)) parts.set(part, toStanding(outcome, part));
    }
  }

  function standingsOf(shard?: number): readonly DeliveryStanding[] {
    return Array.from(rows.values()).flatMap((row) =>
      shard === undefined || row.shard === shard ? [...row.parts.values()] : [],
    );
  }

  return {
    tell(outcomes) {
      for (const outcome of outcomes) {
        const row = rows.get(keyOf(outcome));
        if (row === undefined) continue;
        reply ??= outcome.reply;
        tellRow(row, outcome);
      }
    },
    isDone: (shard) => standingsOf(shard).every(({ status }) => isEnd(status)),
    isDelivered: () => standingsOf().some(({ status }) => status === 'delivered'),
    reply: () => reply,
    of: (index) => [...rows.values()].filter((row) => row.index === index).flatMap(({ parts }) => [...parts.values()]),
  };
}

function keyOf({ index, rule, target }: Pick<PlannedDelivery, 'index' | 'rule' | 'target'>): string {
  return `${index}/${rule}/${target}`;
}

function toRow(delivery: PlannedDelivery): Row {
  const { rule, target } = delivery;
  return { ...delivery, parts: new Map([[whole, { rule, target, status: 'pending', attempts: 0 }]]) };
}

function toStanding(outcome: DeliveryOutcome, part: number): DeliveryStanding {
  const { rule, target, status, attempt, code, reason, nextAt } = outcome;
  return {
    rule,
    target,
    ...(part === whole ? {} : { part }),
    status,
    attempts: status === 'pending' ? attempt - 1 : attempt,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(nextAt === undefined ? {} : { nextAt }),
  };
}
