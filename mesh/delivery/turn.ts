import { divide, isOrdered } from '../lane.ts';
import type { Turn } from '../ports/consumer.ts';
import type { Settlement, TurnOutcome } from '../ports/settlement.ts';
import type { Target } from '../snapshot.ts';
import { type Attempt, type AttemptOptions, createAttempt, type Left, toItem } from './attempt.ts';
import { type Group, type Item, targetKeyOf } from './group.ts';
import { GIVE_UP_AFTER, type Health } from './health.ts';
import { createLater, type Later, toLeftBodies } from './later.ts';
import { createPace } from './pace.ts';
import type { Ready } from './prepare.ts';
import { createRoom, sizeOf } from './room.ts';
import { endsUnsent } from './unsent.ts';
import { SLOW_MS } from './watch.ts';

export interface TurnOptions extends AttemptOptions {
  readonly health: Health;
  /** The most calls at a time. */
  readonly connections: number;
}

/** Deliveries, or what says that their target is gone. */
export type TurnMessage = Group | { readonly end: () => void };

/** A turn ends after this, so that others may have theirs. */
const TURN_MS = 10_000;
/** How often it is looked whether a target is still paused. */
const PAUSED_MS = 10_000;

/**
 * Delivers the messages of a lane one after the other, at the target's rate, so many at a time as it takes; one at a time
 * in an ordered lane. Stops at what has to wait, and says what is left.
 */
export async function takeTurn(
  { lane, probe, share = 1 }: Turn,
  messages: readonly TurnMessage[],
  options: TurnOptions,
): Promise<{ readonly turn: TurnOutcome; readonly retries: Settlement['retries'] }> {
  const { runtime, health } = options;
  const ordered = isOrdered(lane);
  const stopAt = runtime.now() + TURN_MS;
  const room = createRoom();
  const pace = createPace(runtime);
  const laters: Later[] = [];
  const underWay = new Set<Promise<void>>();
  const calls = { ok: 0, failed: 0, failedInRow: 0 };
  const known = messages.find(isGroup);
  /** A target that is known to be sick shows with one call whether it still is. */
  const giveUpAfter = known !== undefined && health.isSick(targetKeyOf(known)) ? 1 : GIVE_UP_AFTER;
  /** Another of its lanes may have been told that it wants nothing for a while. */
  const restMs = (): number => (known === undefined ? 0 : health.restMs(targetKeyOf(known)));
  let throttledMs: number | undefined;
  /** Our own code failed in a call, which may be over long before the turn is: nothing of the turn counts as done. */
  let broken: { readonly error: unknown } | undefined;
  /** In an ordered lane: what nothing may overtake. */
  let blocking: readonly Left[] = [];

  let index = -1;
  let current: { readonly group: Group; readonly attempt: Attempt; readonly later: Later } | undefined;
  /** Of the current message: what its steps were not run for, and what they made and was not sent. */
  let queue: Item[] = [];
  let ready: Ready[] = [];

  function mayGoOn(): boolean {
    if (blocking.length > 0 || calls.failedInRow >= giveUpAfter || runtime.now() >= stopAt) return false;
    if (broken !== undefined || throttledMs !== undefined || restMs() > 0) return false;
    return !(probe && calls.ok + calls.failed + underWay.size > 0);
  }

  /** Goes on to the next message with something to do. */
  function advance(): boolean {
    while (queue.length === 0 && ready.length === 0) {
      if (index === messages.length) return false;
      index += 1;
      const group = messages[index];
      if (group === undefined) continue;
      if (!isGroup(group)) {
        group.end();
        continue;
      }
      current = { group, attempt: createAttempt(options, group), later: createLater(group) };
      laters.push(current.later);
      queue = [...group.items];
    }
    return true;
  }

  /** Runs steps until there is enough for a call. */
  async function gather({ group, attempt, later }: NonNullable<typeof current>, size: number): Promise<boolean> {
    while (ready.length < size) {
      const item = queue[0];
      if (item === undefined) break;
      const { planned } = item;
      if (room.isFull(sizeOf(planned))) return ready.length > 0;
      room.take(sizeOf(planned));
      queue.shift();
      if (endsUnsent(group, item, options)) continue;
      const prepared = await attempt.ready(item);
      ready.push(...prepared.ready);
      if (prepared.left === undefined) continue;
      tell(group, false, 0);
      leave(group, later, [prepared.left]);
      break;
    }
    return true;
  }

  function tell(group: Group, ok: boolean, tookMs: number): void {
    calls[ok ? 'ok' : 'failed'] += 1;
    calls.failedInRow = ok ? 0 : calls.failedInRow + 1;
    if (ok && tookMs < SLOW_MS && share === 1) health.well(targetKeyOf(group));
    else if (ok || calls.failedInRow >= giveUpAfter) health.sick(targetKeyOf(group));
  }

  function leave(group: Group, later: Later, left: readonly Left[]): void {
    if (ordered) blocking = [...left, ...blocking];
    else for (const { item, delayMs } of left) later.add(item, group.attempt, delayMs, lane);
  }

  async function send({ group, attempt, later }: NonNullable<typeof current>, chunk: readonly Ready[]): Promise<void> {
    const since = runtime.now();
    const sent = await attempt.send(chunk);
    tell(group, sent.ok, runtime.now() - since);
    if (sent.throttledMs !== undefined) {
      throttledMs = Math.max(throttledMs ?? 0, sent.throttledMs);
      health.spare(targetKeyOf(group), sent.throttledMs);
    }
    leave(group, later, sent.left);
  }

  const paused = messages.some((message) => isGroup(message) && isPaused(message.target));
  while (!paused && blocking.length === 0 && advance() && current !== undefined) {
    const { target } = current.group;
    const ratePerSecond = target.ordering === undefined ? target.ratePerSecond : divide(target).perLane;
    const most = Math.min(target.concurrency ?? options.connections, options.connections);
    const places = ratePerSecond === undefined ? Math.max(1, Math.floor(most * share)) : most;
    // Before it has taken anything, no more calls than it needs to be given up: each that hangs holds a connection.
    while (underWay.size >= (calls.ok > 0 ? places : Math.min(places, giveUpAfter))) await Promise.race(underWay);
    await pace.ready();
    if (!mayGoOn()) break;
    const size = probe ? 1 : current.attempt.batchSize;
    if (!(await gather(current, size))) break;
    // Functions take their time to answer, and the target may have meanwhile. A message of which nothing is left is done.
    if ((throttledMs !== undefined || restMs() > 0) && ready.length + queue.length > 0) break;
    // Some may have been made a while ago, with the one before them.
    const { group } = current;
    const chunk = ready.splice(0, size).filter((made) => !endsUnsent(group, toItem(made), options));
    if (chunk.length === 0) continue;
    pace.spend(chunk.length, ratePerSecond === undefined ? undefined : ratePerSecond * share);
    const sending = send(current, chunk)
      .catch((error: unknown) => void (broken ??= { error }))
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
    if (ordered) await sending;
  }
  await Promise.all(underWay);
  if (broken !== undefined) throw broken.error;

  const delayMs = paused ? PAUSED_MS : Math.max(pace.restMs(), restMs(), ...blocking.map((left) => left.delayMs));
  return {
    turn: {
      ...whatIsLeft(),
      delayMs,
      ok: calls.ok,
      failed: calls.failed,
      gaveUp: !ordered && calls.failedInRow >= giveUpAfter,
      ...(throttledMs === undefined ? {} : { throttledMs }),
    },
    retries: laters.flatMap((later) => later.messages()),
  };

  /** First what blocks, then what follows it; a message of which nothing was begun stays as it is. */
  function whatIsLeft(): Pick<TurnOutcome, 'taken' | 'remains'> {
    const rest = [...ready.map(toItem), ...queue];
    const begun = blocking.length > 0 || rest.length > 0;
    // It may have stopped when the last thing of a message was done.
    if (current === undefined || !begun) return { taken: Math.min(index + 1, messages.length), remains: [] };
    const { group } = current;
    if (blocking.length === 0 && ready.length === 0 && queue.length === group.items.length) {
      return { taken: index, remains: [] };
    }
    const items = blocking.map(({ item }) => item);
    const remains = [...toLeftBodies(group, group.attempt, items), ...toLeftBodies(group, group.attempt - 1, rest)];
    return { taken: index + 1, remains };
  }
}

/** What waits for a target that is disabled ends, whether it is paused or not. */
function isPaused({ paused, disabled }: Target): boolean {
  return paused === true && disabled === undefined;
}

function isGroup(message: TurnMessage): message is Group {
  return 'items' in message;
}
