import { type Breaker, createBreaker, statusOf } from '../../mesh/delivery/breaker.ts';
import { createMemoryArchives } from './archives.ts';
import { type DeadLetterEntry, isMeant } from '../../mesh/dead-letters/query.ts';
import { redrive, redriveLength } from '../../mesh/dead-letters/redrive.ts';
import { leaveOut } from '../../mesh/deduplication.ts';
import { isOrdered, targetOfLane } from '../../mesh/lane.ts';
import { answers, type LedgerRecord } from '../../mesh/ledger.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Ledger } from '../../mesh/ports/ledger.ts';
import type { Claims, Queue } from '../../mesh/ports/queue.ts';
import type { Replays } from '../../mesh/ports/replays.ts';
import type { Settlement, TurnOutcome } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { eventsOf, isSought, toKept, waitingOf } from '../../mesh/trace/query.ts';
import { createMemoryBooks } from './books.ts';
import { createWaitBoxes, type WaitBoxOptions } from '../waits.ts';

/** A queue and its ledger in memory: nothing survives the process. For tests. */
export interface MemoryQueue {
  readonly queue: Queue;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  readonly replays: Replays;
  readonly waits: Waits;
  /** Hands out what is due until nothing is; messages whose consumer rejects are due again a second later. */
  drain(): Promise<void>;
  /** When the next message is due; `undefined` when the queue is empty. */
  nextAt(): number | undefined;
}

interface Kept extends Omit<ShardPlace, 'shard'> {
  readonly body: string;
}

interface Waiting {
  readonly due: number;
  readonly body: string;
  readonly lane?: string;
}

const FAILURE_DELAY_MS = 1_000;
const BATCH = 100;

export function createMemoryQueue(options: {
  readonly consume: QueueConsumer;
  readonly now: () => number;
  /** How publishers wait. */
  readonly pause: WaitBoxOptions['pause'];
}): MemoryQueue {
  const { consume, now } = options;
  const boxes = createWaitBoxes(options);
  let waiting: Waiting[] = [];
  const history: LedgerRecord[] = [];
  /** What was appended outside of lanes, and what of it was handed out. */
  const kept: Kept[] = [];
  const settled = new Set<string>();
  /** Oldest first. */
  let dead: DeadLetterEntry[] = [];
  let lastSequence = 0;
  const books = createMemoryBooks();
  /** With the consumer. */
  let out: readonly Waiting[] = [];
  const breakers = new Map<string, Breaker>();
  /** Until when a lane has to rest, as its last turn said. */
  const resting = new Map<string, number>();
  /** Until when the keys of claims are known; those that are over go first. */
  const claimed = new Map<string, number>();

  /** Messages that may be handed out together: of no lane, or the first ones of one lane. */
  function takeDue(): Waiting[] {
    const first = waiting.find((message, index) => dueOf(message) <= now() && !isBehind(message, index));
    const due = waiting
      .filter((message, index) => message.lane === first?.lane && dueOf(message) <= now() && !isBehind(message, index))
      .slice(0, BATCH);
    return first === undefined ? [] : due;
  }

  /** A breaker that is open lets nothing through before its time. */
  function dueOf({ due, lane }: Waiting): number {
    if (lane === undefined) return due;
    const breaker = breakerOf(lane);
    return Math.max(due, resting.get(lane) ?? 0, breaker.state === 'closed' ? 0 : breaker.until);
  }

  function breakerOf(lane: string): Breaker {
    const target = targetOfLane(lane);
    const breaker = breakers.get(target) ?? createBreaker();
    breakers.set(target, breaker);
    return breaker;
  }

  function write({ retries, records, outcomes = [], throttled = [], tally }: Settlement): void {
    if (tally !== undefined) books.end(tally);
    boxes.put(outcomes);
    for (const { target, waitMs } of throttled) breakerOf(target).slow(waitMs, now());
    for (const { delayMs, ...message } of retries) waiting.push({ due: now() + delayMs, ...message });
    for (const record of records) {
      history.push(record);
      if (record.status === 'dead-lettered') dead.push({ sequence: ++lastSequence, record });
    }
  }

  /** Answers the positions of those that are known. */
  function claim({ seconds, events }: Claims = { seconds: 0, events: [] }): number[] {
    for (const [key, until] of claimed) {
      if (until > now()) break;
      claimed.delete(key);
    }
    return events.flatMap(({ key }, position) => {
      if ((claimed.get(key) ?? 0) > now()) return [position];
      claimed.delete(key);
      claimed.set(key, now() + seconds * 1000);
      return [];
    });
  }

  /** One queue stands for all shards of all buses. */
  function deadOf({ tenant, bus, shard }: ShardPlace): DeadLetterEntry[] {
    return dead.filter(({ record }) => shard === 0 && record.tenant === tenant && record.bus === bus);
  }

  function remove(shard: ShardPlace, sequences: readonly number[]): number {
    const removed = deadOf(shard).filter(({ sequence }) => sequences.includes(sequence));
    dead = dead.filter((entry) => !removed.includes(entry));
    return removed.length;
  }

  /** The first of those that are there, as many as are put back at once. */
  function findDead(shard: ShardPlace, sequences: readonly number[]): { entries: DeadLetterEntry[]; looked: number } {
    const entries: DeadLetterEntry[] = [];
    let length = 0;
    for (const [looked, asked] of sequences.entries()) {
      const entry = deadOf(shard).find(({ sequence }) => sequence === asked);
      if (entry === undefined) continue;
      length += entry.record.event?.length ?? 0;
      if (length > redriveLength && entries.length > 0) return { entries, looked };
      entries.push(entry);
    }
    return { entries, looked: sequences.length };
  }

  const archives = createMemoryArchives({
    now,
    count: (target) => waiting.filter(({ lane }) => lane !== undefined && targetOfLane(lane) === target).length,
  });

  /** Whether there was a replay to go on with. */
  async function replay(): Promise<boolean> {
    const turn = archives.take();
    if (turn === undefined) return false;
    const { job, replays } = turn;
    try {
      const settlement = await consume(job.messages, { replay: job.replay, skip: job.skip });
      if (settlement.replay === undefined) throw new Error('a replay has an outcome');
      if (replays.isGoing(job)) {
        books.plan(settlement.retries.map(({ body }) => body));
        write(settlement);
      }
      replays.settle(job, settlement.replay);
    } catch (error) {
      replays.fail(job, String(error), FAILURE_DELAY_MS);
    }
    return true;
  }

  /** In an ordered lane one that is not due holds up those behind it. */
  function isBehind({ lane }: Waiting, index: number): boolean {
    if (lane === undefined || !isOrdered(lane)) return false;
    return waiting.slice(0, index).some((other) => other.lane === lane && dueOf(other) > now());
  }

  return {
    queue: {
      append({ tenant, bus }, entries) {
        if (entries.awaited !== undefined) boxes.open(entries.awaited);
        const due = now();
        const duplicates = claim(entries.claims);
        const { messages, archived, laned } = leaveOut(entries, duplicates);
        archives.keep({ tenant, bus }, archived);
        for (const body of [...messages, ...archived]) {
          kept.push({ tenant, bus, body });
          waiting.push({ due, body });
        }
        for (const { lane, body } of laned) waiting.push({ due, body, lane });
        books.plan([...messages, ...archived, ...laned.map(({ body }) => body)]);
        return Promise.resolve({ duplicates });
      },
    },
    ledger: {
      list(place, { filter, after, limit, eventLength = 0 }) {
        let room = eventLength;
        const found = ofShard(place, history)
          .map((record, index) => ({ position: String(index), record }))
          .filter(({ record }) => answers(record, filter));
        const { items, ...rest } = newestFirst(found, after, limit);
        const isDead = filter.status === 'dead-lettered';
        return Promise.resolve({
          items: items.map(({ position, record: { event, ...record } }) => {
            const isShown = isDead && event !== undefined && room > 0;
            room -= event?.length ?? 0;
            return { position, record: isShown ? { ...record, event } : record };
          }),
          ...rest,
        });
      },
      events(place, { filter, after, limit, eventLength = 0 }) {
        let room = eventLength;
        const found = ofShard(place, kept).flatMap(({ body }, row) =>
          eventsOf([body]).map((event, index) => ({ event, body, position: String(row * 1_000_000 + index) })),
        );
        const sought = found.filter(({ event }) => isSought(event, filter));
        const { items, ...rest } = newestFirst(sought, after, limit);
        return Promise.resolve({
          items: items.map(({ event, body, position }) => {
            const withEvent = room > 0;
            room -= event.planned.event.json.length;
            return toKept(event, { position, settled: settled.has(body) }, withEvent);
          }),
          ...rest,
        });
      },
      waiting(place, eventId) {
        const isNew = ({ body, lane }: Waiting): boolean =>
          lane === undefined && !settled.has(body) && kept.some((message) => message.body === body);
        const left = waiting.filter((message) => !isNew(message));
        const items = left.flatMap(({ due, body, lane }) =>
          waitingOf([body], eventId, { dueAt: due, ...(lane === undefined ? {} : { lane }) }, place),
        );
        return Promise.resolve({ items });
      },
      books: ({ shard }) =>
        Promise.resolve(shard === 0 ? books.read([...waiting, ...out].map(({ body }) => body)) : undefined),
      lanes() {
        const lanes = waiting.flatMap(({ lane }) => (lane === undefined ? [] : [targetOfLane(lane)]));
        const targets = [...new Set([...breakers.keys(), ...lanes])];
        return Promise.resolve(
          targets.map((target) => {
            return {
              target,
              ...statusOf(breakerOf(target), now()),
              waiting: lanes.filter((lane) => lane === target).length,
            };
          }),
        );
      },
    },
    waits: {
      take: (_shard, receipt, milliseconds) => boxes.take(receipt, milliseconds),
      close: (_shard, receipt) => Promise.resolve(boxes.close(receipt)),
    },
    deadLetters: {
      list(shard, { filter, order, after, limit }) {
        const sorted = order === 'newest' ? deadOf(shard).toReversed() : deadOf(shard);
        const items = sorted
          .filter(
            ({ sequence, record }) =>
              isMeant(record, filter) &&
              (after === undefined || (order === 'newest' ? sequence < after : sequence > after)),
          )
          .map(({ sequence, record: { event: _event, ...record } }) => ({ sequence, record }));
        const page = items.slice(0, limit);
        const last = page.at(-1);
        return Promise.resolve({
          items: page,
          ...(items.length > limit && last !== undefined ? { reached: last.sequence } : {}),
        });
      },
      get: (shard, sequence) => Promise.resolve(deadOf(shard).find((entry) => entry.sequence === sequence)),
      redrive(shard, asked, order) {
        const { entries, looked } = findDead(shard, asked);
        const { sequences, messages, laned, records } = redrive(entries, order);
        remove(shard, sequences);
        const due = now();
        for (const body of messages) waiting.push({ due, body });
        for (const { lane, body } of laned) waiting.push({ due, body, lane });
        books.plan([...messages, ...laned.map(({ body }) => body)]);
        history.push(...records);
        return Promise.resolve({ redriven: sequences, looked });
      },
      delete: (shard, sequences) => Promise.resolve(remove(shard, sequences)),
    },
    replays: archives.port,
    async drain() {
      for (;;) {
        const due = takeDue();
        const [first] = due;
        if (first === undefined) {
          if (await replay()) continue;
          return;
        }
        const { lane } = first;
        const place = waiting.indexOf(first);
        waiting = waiting.filter((message) => !due.includes(message));
        out = due;
        try {
          const bodies = due.map(({ body }) => body);
          if (lane === undefined) {
            write(await consume(bodies));
            for (const body of bodies) settled.add(body);
            continue;
          }
          const breaker = breakerOf(lane);
          const probe = breaker.ask(now()) === 'probe';
          const share = breaker.share(now());
          const settlement = await consume(bodies, { lane, probe, ...(share < 1 ? { share } : {}) });
          const { turn = allTaken(bodies) } = settlement;
          breaker.tell(turn, now());
          resting.set(first.lane ?? '', now() + turn.delayMs);
          const left = [...turn.remains, ...bodies.slice(turn.taken)];
          waiting.splice(place, 0, ...left.map((body) => ({ due: now() + turn.delayMs, body, lane })));
          write(settlement);
        } catch {
          // Nothing was settled: the same messages once more, later.
          waiting.splice(place, 0, ...due.map((message) => ({ ...message, due: now() + FAILURE_DELAY_MS })));
        } finally {
          out = [];
        }
      }
    },
    nextAt() {
      const heads = waiting.filter((message, index) => !isBehind(message, index));
      const at = Math.min(archives.nextAt(), ...heads.map(dueOf));
      return at === Number.POSITIVE_INFINITY ? undefined : at;
    },
  };
}

function allTaken(bodies: readonly string[]): TurnOutcome {
  return { taken: bodies.length, remains: [], delayMs: 0, ok: 0, failed: 0, gaveUp: false };
}

/** One queue stands for all shards of all buses. */
function ofShard<Place extends Omit<ShardPlace, 'shard'>>(place: ShardPlace, all: readonly Place[]): readonly Place[] {
  return all.filter(({ tenant, bus }) => place.shard === 0 && tenant === place.tenant && bus === place.bus);
}

/** A page of what is in order; positions are numbers that grow with it. */
function newestFirst<Item extends { readonly position: string }>(
  all: readonly Item[],
  after: string | undefined,
  limit: number,
): { readonly items: readonly Item[]; readonly reached?: string } {
  const left = all.toReversed().filter(({ position }) => after === undefined || Number(position) < Number(after));
  const items = left.slice(0, limit);
  const reached = items.at(-1)?.position;
  return { items, ...(left.length > limit && reached !== undefined ? { reached } : {}) };
}
