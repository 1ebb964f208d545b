import { stepsOf } from '../compiled-steps.ts';
import type { PlannedEvent } from '../envelope.ts';
import { laneOfTarget, toLane } from '../lane.ts';
import type { Settlement } from '../ports/settlement.ts';
import { type AttemptOptions, createAttempt, type Left, toItem } from './attempt.ts';
import type { Connections } from './connections.ts';
import { type Group, type Item, targetKeyOf } from './group.ts';
import { GIVE_UP_AFTER, type Health } from './health.ts';
import { createLater, createUntried } from './later.ts';
import type { Ready } from './prepare.ts';
import { createRoom, unusedOf, PART_SIZE, sizeOf } from './room.ts';
import { endsUnsent } from './unsent.ts';
import type { Watch } from './watch.ts';

export interface DeliveryOptions extends AttemptOptions {
  /** Shared by everything that one dispatch delivers, as the next two. */
  readonly connections: Connections;
  readonly watch: Watch;
  readonly health: Health;
}

export interface Deliveries {
  /** Delivers a group to its target; answers what has to be tried again, or has to wait in a lane. */
  readonly deliver: (group: Group) => Promise<Settlement['retries']>;
  /** What there was no time or no room for: to be asked for when every group is done. */
  readonly untried: () => Settlement['retries'];
  /** The targets that asked to be slowed down. */
  readonly throttled: () => Pick<Settlement, 'throttled'>;
}

/** After this no further call is started: what is left is handed out again, so that no batch is held for minutes. */
const DISPATCH_MS = 30_000;

export function createDelivery(options: DeliveryOptions): Deliveries {
  const { runtime, connections, watch, health } = options;
  const deadline = runtime.now() + DISPATCH_MS;
  const untried = createUntried();
  const room = createRoom();
  const underWay = new Set<Promise<unknown>>();
  const throttled = new Map<string, number>();

  async function wait<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  }

  async function deliver(group: Group): Promise<Settlement['retries']> {
    const { rule, target, attempt: number } = group;
    const key = targetKeyOf(group);
    const later = createLater(group);
    const attempt = createAttempt(options, group);
    /** Events of several parts that have their room. */
    const housed = new Set<PlannedEvent>();
    let failedInRow = 0;

    /** Whether an event has to wait in a lane: its target is such a one, or is sick. */
    function park(item: Item): boolean {
      const lane =
        laneOfTarget(rule.name, target, item.planned.event) ?? (isSick() ? toLane(rule.name, target.name) : undefined);
      if (lane === undefined) return false;
      later.add(item, number - 1, 0, lane);
      return true;
    }

    /** One that only ever failed until the time was over is sick as well. */
    function isSick(): boolean {
      if (failedInRow > 0 && isLate()) health.sick(key);
      return health.isSick(key);
    }

    function failed(left: readonly Left[]): void {
      failedInRow += 1;
      if (failedInRow >= GIVE_UP_AFTER) health.sick(key);
      for (const { item, delayMs } of left) later.add(item, number, delayMs);
    }

    /** Runs the steps; an event that they fail on, or leave nothing of, ends here. */
    async function makeReady(item: Item): Promise<readonly Ready[]> {
      const { planned } = item;
      const size = sizeOf(planned);
      // What is delivered makes room again.
      while (room.isFull(size) && underWay.size > 0) await Promise.race(underWay);
      if (room.isFull(size) || (isLate() && !isSick())) {
        untried.add(group, item);
        return [];
      }
      room.take(size);
      if (endsUnsent(group, item, options)) return [];
      if (park(item)) return [];
      const preparing = attempt.ready(item);
      const { ready, left } = preparing instanceof Promise ? await wait(preparing) : preparing;
      if (left !== undefined) failed([left]);
      if (ready.length > 0) room.giveBack(size);
      return ready;
    }

    async function send(chunk: readonly Ready[], closed: boolean): Promise<void> {
      const size = roomFor(chunk, housed);
      while (room.isFull(size) && underWay.size > 0) await Promise.race(underWay);
      if (room.isFull(size) || (isLate() && !isSick())) {
        for (const ready of chunk) untried.add(group, toItem(ready));
        return;
      }
      room.take(size);
      for (const { planned, part } of chunk) if (part !== undefined) housed.add(planned);
      if (closed || isSick()) {
        for (const ready of chunk) if (!park(toItem(ready))) untried.add(group, toItem(ready));
        return;
      }
      // They may have waited for their connection.
      const fresh = chunk.filter((ready) => !endsUnsent(group, toItem(ready), options));
      if (fresh.length === 0) return;
      const { ok, delivered, left, throttledMs } = await wait(watch.during(key, attempt.send(fresh)));
      if (throttledMs !== undefined) {
        health.spare(key, throttledMs);
        const lane = toLane(rule.name, target.name);
        throttled.set(lane, Math.max(throttled.get(lane) ?? 0, throttledMs));
      }
      if (ok) {
        failedInRow = 0;
        for (const { item, delayMs } of left) later.add(item, number, delayMs);
      } else failed(left);
      // The other parts may need the event.
      for (const { planned, part } of delivered) if (part === undefined) room.giveBack(unusedOf(planned));
    }

    const ready: Ready[] = [];
    // Functions answer over the network: as many at a time as there are connections.
    if (stepsOf(rule).callsFunctions) {
      const items = await Promise.all(group.items.map((item) => connections.use(key, () => makeReady(item))));
      ready.push(...items.flat());
    } else {
      for (const item of group.items) ready.push(...(await makeReady(item)));
    }
    const calls: Promise<void>[] = [];
    for (let start = 0; start < ready.length; start += attempt.batchSize) {
      const chunk = ready.slice(start, start + attempt.batchSize);
      calls.push(connections.use(key, (closed) => send(chunk, closed)));
    }
    await Promise.all(calls);
    return later.messages();
  }

  function isLate(): boolean {
    return runtime.now() >= deadline;
  }

  return {
    deliver,
    untried: () => untried.messages(),
    throttled: () =>
      throttled.size === 0 ? {} : { throttled: Array.from(throttled, ([target, waitMs]) => ({ target, waitMs })) },
  };
}

/** An event has its room once, however many parts it has. */
function roomFor(chunk: readonly Ready[], housed: ReadonlySet<PlannedEvent>): number {
  const [only] = chunk;
  if (only !== undefined && chunk.length === 1 && only.part === undefined) return sizeOf(only.planned, only.notes);
  const seen = new Set<PlannedEvent>();
  let size = 0;
  for (const { planned, part, notes } of chunk) {
    const known = part !== undefined && (housed.has(planned) || seen.has(planned));
    size += known ? PART_SIZE : sizeOf(planned, notes);
    seen.add(planned);
  }
  return size;
}
