import { statusOf } from '../../mesh/delivery/breaker.ts';
import { isOrdered, type LaneMessage, type LaneStatus, maxWaiting, targetOfLane } from '../../mesh/lane.ts';
import type { Turn } from '../../mesh/ports/consumer.ts';
import type { TurnOutcome } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { type WaitingDelivery, waitingOf } from '../../mesh/trace/query.ts';
import { failRow, type LaneHead, leaveRows, takeHead, TURN_MESSAGES } from '../sqlite/lane-turn.ts';
import { toMessages } from '../sqlite/log-rows.ts';
import type { Breakers } from './breakers.ts';
import { collections, type Sequence } from './keys.ts';
import { createLaneRows, type LaneRows, type StoredRow } from './lane-rows.ts';
import type { Message } from './message.ts';
import type { Packer } from './packed.ts';
import { inSteps, type Item, type Table } from './table.ts';

/**
 * Lines of deliveries that wait for one another, for consumers that know nothing of each other. A lane is rows, and a head
 * with its lease and its rest. What makes it move are wakes in the queue, and this holds at every moment: after a row is
 * written a wake is sent for its time; whoever has the lease looks once more when it has let go of it; for every rest a
 * wake is sent for its end; and the first wake that finds the lane taken sends one for the end of the lease, since whoever
 * has it may have died. Other wakes that find the lane taken, or resting, are of no use and may go.
 */
export interface Lanes {
  /** Writes messages to the end of their lanes, or where their due time puts them; answers the wakes to be sent. */
  insert(place: ShardPlace, messages: readonly LaneMessage[], due: number): Promise<readonly Message[]>;
  /** The lane's turn; or, where it has none, the wakes to be sent. */
  take(place: ShardPlace, lane: string): Promise<LaneJob | readonly Message[]>;
  /** Writes what became of a turn; answers the wakes to be sent. */
  settle(job: LaneJob, outcome: TurnOutcome): Promise<readonly Message[]>;
  /** Our own code failed: the same turn again later, its first message alone. */
  fail(job: LaneJob, delayMs: number): Promise<readonly Message[]>;
  throttle(place: ShardPlace, target: string, waitMs: number): Promise<void>;
  status(place: ShardPlace): Promise<readonly LaneStatus[]>;
  waiting(
    place: ShardPlace,
    eventId: string,
  ): Promise<{ readonly items: readonly WaitingDelivery[]; readonly incomplete: boolean }>;
  /** Rows that wait for a target, up to `maxWaiting`. */
  count(place: ShardPlace, target: string): Promise<number>;
  /** Deliveries that wait, counted up to `maxWaiting` rows. */
  deliveries(place: ShardPlace): Promise<number>;
}

export interface LaneJob extends Turn, LaneHead {
  readonly shard: ShardPlace;
  readonly lease: string;
  /** How often something had been added to the lane when it was taken. */
  readonly added: number;
  /** Whoever had the lane before died in its turn, perhaps of it: the turn is to be failed, not taken. */
  readonly died: boolean;
  /** The target was not all well lately: what becomes of the turn is of interest. */
  readonly isWatched: boolean;
}

/** Lanes, and rows of a lane, that a look of an operator's takes. */
const LANES_LOOKED_AT = 1_000;
const ROWS_LOOKED_AT = 200;

export function createLanes(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly breakers: Breakers;
  readonly sequence: Sequence;
  readonly now: () => number;
  /** Longer than a function may run. */
  readonly leaseMs: number;
  readonly send: (wakes: readonly Message[]) => Promise<void>;
}): Lanes {
  const { table, breakers, sequence, now, leaseMs } = options;
  const rows: LaneRows = createLaneRows(options);

  function toWake(place: ShardPlace, lane: string, due: number): Message {
    return { place, wake: { lane }, body: '', ...(due > now() ? { dueAt: due } : {}) };
  }

  function headOf(place: ShardPlace, lane: string) {
    return { pk: collections.lanes(place), sk: lane };
  }

  async function insertInto(place: ShardPlace, lane: string, messages: readonly string[], due: number): Promise<void> {
    // The lane's own counter: the clocks of two functions may differ by more than two publications are apart.
    const head = await table.update(headOf(place, lane), {
      update: 'SET #added = if_not_exists(#added, :start) + :count',
      values: { ':start': sequence.next(), ':count': messages.length },
    });
    await rows.insert(place, lane, messages, { due, sequence: Number(head?.['added']) - messages.length });
  }

  /** Takes the lease away, and the head where the lane is empty and has nothing to remember. */
  async function release(
    job: Pick<LaneJob, 'shard' | 'lane' | 'lease' | 'added'>,
    restUntil: number,
    isEmpty: boolean,
  ) {
    const key = headOf(job.shard, job.lane);
    const mine = '#lease = :lease';
    if (isEmpty && restUntil <= now()) {
      const untouched = `${mine} AND #added = :added`;
      const values = { ':lease': job.lease, ':added': job.added };
      if (await table.delete(key, { expression: untouched, values })) return;
    }
    await table.update(key, {
      update: 'SET #rest = :rest REMOVE #lease, #leaseUntil, #taken',
      condition: mine,
      values: { ':lease': job.lease, ':rest': restUntil },
    });
  }

  /** The lane is taken, or rests. In the first case it may be by somebody who is dead. */
  async function guard(place: ShardPlace, lane: string): Promise<void> {
    const head = await table.get(headOf(place, lane));
    const lease = head?.['lease'];
    const leaseUntil = Number(head?.['leaseUntil'] ?? 0);
    if (lease === undefined || head?.['guarded'] === lease || leaseUntil < now()) return;
    await options.send([toWake(place, lane, leaseUntil + 1)]);
    await table.update(headOf(place, lane), {
      update: 'SET #guarded = :lease',
      condition: '#lease = :lease',
      values: { ':lease': lease },
    });
  }

  /** What has to be sent when a lane was let go. */
  async function next(place: ShardPlace, lane: string, restUntil: number): Promise<Message[]> {
    if (restUntil > now()) return [toWake(place, lane, restUntil)];
    return (await rows.hasDue(place, lane)) ? [toWake(place, lane, 0)] : [];
  }

  /** The lanes that there are, a bounded look. */
  async function heads(place: ShardPlace): Promise<{ readonly items: readonly Item[]; readonly reached?: string }> {
    return table.query({ pk: collections.lanes(place), limit: LANES_LOOKED_AT });
  }

  return {
    async insert(place, messages, due) {
      const lanes = Map.groupBy(messages, ({ lane }) => lane);
      await inSteps([...lanes], ([lane, own]) =>
        insertInto(
          place,
          lane,
          own.map(({ body }) => body),
          due,
        ),
      );
      return [...lanes.keys()].map((lane) => toWake(place, lane, due));
    },

    async take(place, lane) {
      const lease = crypto.randomUUID();
      const head = await table.update(headOf(place, lane), {
        // What is taken is let go of, unless its holder dies.
        update:
          'SET #lease = :lease, #leaseUntil = :until, #added = if_not_exists(#added, :start), #taken = if_not_exists(#taken, :zero) + :one',
        condition:
          '(attribute_not_exists(#lease) OR #leaseUntil < :now) AND (attribute_not_exists(#rest) OR #rest <= :now)',
        values: {
          ':lease': lease,
          ':until': now() + leaseMs,
          ':now': now(),
          ':start': sequence.next(),
          ':zero': 0,
          ':one': 1,
        },
      });
      if (head === undefined) {
        await guard(place, lane);
        return [];
      }
      const held = { shard: place, lane, lease, added: Number(head['added']) };
      const [first, ...others] = await rows.head(place, lane, TURN_MESSAGES);
      if (first === undefined || first.due > now()) {
        const due = first?.due ?? 0;
        await release(held, due, first === undefined);
        return next(place, lane, due);
      }
      const target = targetOfLane(lane);
      let breaker = await breakers.get(place, target);
      const mayProbe = breaker.state !== 'closed' && breaker.until <= now();
      const answer = mayProbe
        ? await breakers.change(place, target, (current) => {
            breaker = current;
            return current.ask(now());
          })
        : breaker.ask(now());
      if (answer === 'no') {
        await release(held, breaker.until, false);
        return next(place, lane, breaker.until);
      }
      const share = breaker.share(now());
      const slowed = share < 1 ? { share } : {};
      const { state, windowEnd, throttle } = breaker.memory;
      const isWatched = state !== 'closed' || windowEnd > 0 || (throttle?.slowedAt ?? 0) > 0;
      const died = Number(head['taken']) > 1;
      return { ...held, died, isWatched, probe: answer === 'probe', ...slowed, ...takeHead(first, others, now()) };
    },

    async settle(job, outcome) {
      const { shard, lane } = job;
      const isWell = outcome.failed === 0 && !outcome.gaveUp && outcome.throttledMs === undefined;
      // Of a target that was well and is, nothing is stored, and nothing has to be.
      if (!isWell || job.isWatched) {
        await breakers.change(shard, targetOfLane(lane), (breaker) => breaker.tell(outcome, now()));
      }
      const due = now() + Math.round(outcome.delayMs);
      const changes = leaveRows(job.rows, outcome, due);
      const gone = changes.flatMap(({ before, after }) => (after === undefined ? [toStored(before)] : []));
      // From the front: what a crash repeats is then the end of the turn, in its order.
      if (gone.length > 0) await rows.delete(shard, gone);
      for (const { before, after } of changes) {
        if (after !== undefined) await rows.replace(shard, toStored(before), after);
      }
      await release(job, due, gone.length === job.rows.length);
      return next(shard, lane, due);
    },

    async fail(job, delayMs) {
      const { shard, lane } = job;
      const due = now() + delayMs;
      const [first] = job.rows;
      if (first !== undefined) await rows.replace(shard, toStored(first), failRow(first, due));
      const restUntil = isOrdered(lane) ? due : 0;
      await release(job, restUntil, false);
      const wakes = await next(shard, lane, restUntil);
      return isOrdered(lane) ? wakes : [...wakes, toWake(shard, lane, due)];
    },

    async throttle(place, target, waitMs) {
      await breakers.change(place, target, (breaker) => breaker.slow(waitMs, now()));
    },

    async status(place) {
      const [known, { items }] = await Promise.all([breakers.list(place), heads(place)]);
      const waiting = new Map([...known.keys()].map((target) => [target, 0]));
      await inSteps(items, async ({ sk: lane }) => {
        const count = await rows.count(place, lane, maxWaiting);
        const target = targetOfLane(lane);
        if (count > 0) waiting.set(target, Math.min((waiting.get(target) ?? 0) + count, maxWaiting));
      });
      return Array.from(waiting, ([target, count]) => ({
        target,
        ...statusOf(known.get(target), now()),
        waiting: count,
      }));
    },

    async waiting(place, eventId) {
      const { items, reached } = await heads(place);
      let incomplete = reached !== undefined;
      const found = await inSteps(items, async ({ sk: lane, rest = 0 }) => {
        const stored = await rows.all(place, lane, ROWS_LOOKED_AT);
        incomplete ||= stored.length === ROWS_LOOKED_AT;
        return stored.flatMap(({ body, due }) =>
          waitingOf(toMessages(body), eventId, { lane, dueAt: Math.max(due, Number(rest)) }, place),
        );
      });
      return { items: found.flat(), incomplete };
    },

    async count(place, target) {
      const { items } = await heads(place);
      const own = items.filter(({ sk }) => targetOfLane(sk) === target);
      const counts = await inSteps(own, ({ sk }) => rows.count(place, sk, maxWaiting));
      return Math.min(
        counts.reduce((sum, count) => sum + count, 0),
        maxWaiting,
      );
    },

    async deliveries(place) {
      const { items } = await heads(place);
      const weights = await inSteps(items, async ({ sk }) => {
        const { items: found } = await table.query({ pk: collections.lane(place, sk), limit: maxWaiting });
        return found.reduce((sum, item) => sum + Number(item['deliveries']), 0);
      });
      return weights.reduce((sum, weight) => sum + weight, 0);
    },
  };
}

/** The rows of a job are those that were read. */
function toStored(row: LaneHead['rows'][number]): StoredRow {
  return row as StoredRow;
}
