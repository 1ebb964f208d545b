import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { PlannedEvent } from '../envelope.ts';
import { nameLength } from '../ledger.ts';
import type { Runtime, Secrets, Settlement } from '../ports.ts';
import type { Reshape } from '../reshape.ts';
import type { AttemptResult, Sink, TargetPolicy } from '../sink.ts';
import type { Group } from './group.ts';
import type { Journal } from './journal.ts';
import { createLater, createUntried } from './later.ts';
import { backoffCeilingMs, decide } from './retry.ts';

export interface DeliveryOptions {
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly secrets: Secrets;
  readonly policy: TargetPolicy;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly reshape: Reshape;
  /** Shared by everything that one dispatch delivers. */
  readonly limit: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

export interface Deliveries {
  /** Delivers a group to its target; answers what has to be tried again. */
  readonly deliver: (group: Group) => Promise<Settlement['retries']>;
  /** What there was no time or no room for: to be asked for when every group is done. */
  readonly untried: () => Settlement['retries'];
}

interface Ready {
  readonly planned: PlannedEvent;
  readonly event: Event;
}

/** Failures in a row after which the rest for this target is left for later: one round of a Worker's connections. */
const GIVE_UP_AFTER = 6;
/** After this no further call is started: what is left is handed out again, so that no batch is held for minutes. */
const DISPATCH_MS = 30_000;
/**
 * What one dispatch may answer with, in bytes at worst; beyond it no further call is started either. An RPC takes 32 MiB,
 * and the events that were not tried have to go into it as well.
 */
const SETTLEMENT_SIZE = 24_000_000;
/** A UTF-16 unit in an RPC has two bytes at worst, and that of an event may be escaped. */
const UNIT_SIZE = 2;
/** A record beside the names of its event, in UTF-16 units. */
const RECORD_LENGTH = 400;

export function createDelivery(options: DeliveryOptions): Deliveries {
  const { sinks, secrets, policy, runtime, journal, limit, reshape } = options;
  const context = { runtime, secrets, policy };
  const deadline = runtime.now() + DISPATCH_MS;
  const untried = createUntried();
  /** What the settlement may come to, with what is under way. */
  let reserved = 0;
  const underWay = new Set<Promise<unknown>>();

  function isFull(size: number): boolean {
    return reserved > 0 && reserved + size > SETTLEMENT_SIZE;
  }

  /** Runs the steps; an event on which one fails ends here. */
  async function prepare(group: Group): Promise<Ready[]> {
    const ready: Ready[] = [];
    for (const planned of group.items) {
      if (isFull(sizeOf(planned))) {
        untried.add(group, planned);
        continue;
      }
      try {
        const reshaped = reshape(group.rule, planned);
        ready.push({ planned, event: reshaped instanceof Promise ? await reshaped : reshaped });
      } catch (error) {
        if (!TulleError.is(error) || error.fault === 'system') throw error;
        journal.died(group, planned, `${error.code}: ${error.message}`);
        reserved += sizeOf(planned);
      }
    }
    return ready;
  }

  async function deliver(group: Group): Promise<Settlement['retries']> {
    const { target, attempt } = group;
    const sink = toSink(sinks, target.kind);
    // One draw for the group: what fails together is tried again together, in one message.
    const chance = runtime.random();
    const clock = { now: runtime.now, random: () => chance };
    const later = createLater(group);
    let failedInRow = 0;

    async function send(chunk: readonly Ready[]): Promise<void> {
      const size = sum(chunk, ({ planned }) => sizeOf(planned));
      // What is delivered makes room again.
      while (isFull(size) && underWay.size > 0) await Promise.race(underWay);
      const late = runtime.now() >= deadline;
      if ((late && failedInRow === 0) || isFull(size)) {
        for (const { planned } of chunk) untried.add(group, planned);
        return;
      }
      reserved += size;
      if (late || failedInRow >= GIVE_UP_AFTER) {
        for (const { planned } of chunk) postpone(planned);
        return;
      }
      const deliveries = chunk.map(({ planned, event }) => ({ event, id: toDeliveryId(group, planned), attempt }));
      const sending = sink.deliver(deliveries, target.options, context);
      underWay.add(sending);
      const results = await sending;
      underWay.delete(sending);
      failedInRow = results.some((result) => result.ok) ? 0 : failedInRow + 1;
      for (const [index, { planned }] of chunk.entries()) {
        const result = results[index] ?? unanswered;
        const decision = decide(result, target.retry, { attempt, firstAttemptAt: planned.receipt.at }, clock);
        if (decision.kind === 'retry') later.add(planned, attempt, decision.delayMs);
        if (decision.kind === 'delivered') reserved -= eventSizeOf(planned);
        journal.attempted(group, planned, result, decision);
      }
    }

    /** Not an attempt: its number stays. Only the age of the event ends this. */
    function postpone(planned: PlannedEvent): void {
      const delayMs = Math.max(1_000, Math.floor(chance * backoffCeilingMs(attempt)));
      const reason = 'not tried: the target failed several times in a row';
      if (runtime.now() + delayMs > planned.receipt.at + target.retry.maxAgeSeconds * 1000) {
        journal.died(group, planned, `too old; ${reason}`);
      } else {
        later.add(planned, attempt - 1, delayMs);
        journal.postponed(group, planned, reason, delayMs);
      }
    }

    const ready = await prepare(group);
    const size = sink.batchSize(target.options);
    const calls: Promise<void>[] = [];
    for (let start = 0; start < ready.length; start += size) {
      const chunk = ready.slice(start, start + size);
      calls.push(limit(() => send(chunk)));
    }
    await Promise.all(calls);
    return later.messages();
  }

  return { deliver, untried: () => untried.messages() };
}

const unanswered: AttemptResult = {
  ok: false,
  failure: 'network',
  latencyMs: 0,
  reason: 'the sink did not answer for it',
};

/** What a delivery may add to the settlement: a record, and the event again. */
function sizeOf(planned: PlannedEvent): number {
  const { id, source, type } = planned.event.attributes;
  const names = sum([id, source, type], (name) => Math.min(name.length, nameLength));
  return (RECORD_LENGTH + names) * UNIT_SIZE + eventSizeOf(planned);
}

function eventSizeOf({ event }: PlannedEvent): number {
  return event.json.length * 2 * UNIT_SIZE;
}

function sum<Item>(items: readonly Item[], length: (item: Item) => number): number {
  return items.reduce((total, item) => total + length(item), 0);
}

/** The same for every attempt and after every crash; no dot in it (Standard Webhooks). */
function toDeliveryId({ rule, target }: Group, { receipt, index }: PlannedEvent): string {
  return `msg_${receipt.id}_${index}_${rule.name}_${target.name}`;
}

function toSink(sinks: ReadonlyMap<string, Sink>, kind: string): Sink {
  const sink = sinks.get(kind);
  if (sink === undefined) throw new TulleError('internal', `there is no sink of the kind ${kind}`);
  return sink;
}
