import { TulleError } from '../../event/error.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { Publish } from '../functions/publish.ts';
import type { Runtime, Secrets, Settlement } from '../ports.ts';
import type { Reshape } from '../reshape.ts';
import type { AttemptResult, Delivery, Sink, TargetPolicy } from '../sink.ts';
import type { Group, Item } from './group.ts';
import type { About, Journal } from './journal.ts';
import { createLater, createUntried } from './later.ts';
import { prepare, type Ready } from './prepare.ts';
import { presetOf } from './presets.ts';
import { publishReply } from './reply.ts';
import { decide, type Decision, isTooLate, postponementMs } from './retry.ts';
import { createRoom, eventSizeOf, PART_SIZE, sizeOf } from './room.ts';

export interface DeliveryOptions {
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly secrets: Secrets;
  readonly policy: TargetPolicy;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly reshape: Reshape;
  /** Where replies of targets go. */
  readonly publish: Publish;
  /** Shared by everything that one dispatch delivers. */
  readonly limit: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

export interface Deliveries {
  /** Delivers a group to its target; answers what has to be tried again. */
  readonly deliver: (group: Group) => Promise<Settlement['retries']>;
  /** What there was no time or no room for: to be asked for when every group is done. */
  readonly untried: () => Settlement['retries'];
}

/** Failures in a row after which the rest for this target is left for later: one round of a Worker's connections. */
const GIVE_UP_AFTER = 6;
/** After this no further call is started: what is left is handed out again, so that no batch is held for minutes. */
const DISPATCH_MS = 30_000;

export function createDelivery(options: DeliveryOptions): Deliveries {
  const { sinks, secrets, policy, runtime, journal, limit, reshape, publish } = options;
  const deadline = runtime.now() + DISPATCH_MS;
  const untried = createUntried();
  const room = createRoom();
  const underWay = new Set<Promise<unknown>>();

  const isLate = (): boolean => runtime.now() >= deadline;

  async function wait<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  }

  async function deliver(group: Group): Promise<Settlement['retries']> {
    const { rule, target, attempt } = group;
    const sink = toSink(sinks, target.kind);
    const { timeoutSeconds, failures } = presetOf(target.retry);
    const resend = failures.network.resend === true ? ({ resend: true } as const) : {};
    const context = { runtime, secrets, policy, timeoutSeconds, ...resend };
    // One draw for the group: what fails together is tried again together, in one message.
    const chance = runtime.random();
    const clock = { now: runtime.now, random: () => chance };
    const later = createLater(group);
    /** Events of several parts that have their room. */
    const housed = new Set<PlannedEvent>();
    let failedInRow = 0;

    /** Runs the steps; an event that they fail on, or leave nothing of, ends here. */
    async function makeReady(item: Item): Promise<readonly Ready[]> {
      const { planned } = item;
      const size = sizeOf(planned);
      // What is delivered makes room again.
      while (room.isFull(size) && underWay.size > 0) await Promise.race(underWay);
      if (!canBegin(size)) {
        untried.add(group, item);
        return [];
      }
      room.take(size);
      if (isHopeless()) {
        postpone(item, { planned });
        return [];
      }
      const preparing = prepare(item, () => reshape(rule, planned));
      const prepared = preparing instanceof Promise ? await wait(preparing) : preparing;
      if (prepared.kind === 'ready') {
        room.giveBack(size);
        return prepared.events;
      }
      if (prepared.kind === 'filtered') journal.filtered(group, { planned, notes: prepared.notes });
      else if (prepared.kind === 'failed') journal.died(group, { planned }, prepared.reason);
      else {
        failedInRow += 1;
        const decision = decideOn(prepared.result, { planned });
        if (decision.kind === 'retry') later.add(item, attempt, decision.delayMs);
      }
      return [];
    }

    async function send(chunk: readonly Ready[]): Promise<void> {
      const size = roomFor(chunk, housed);
      // What is delivered makes room again.
      while (room.isFull(size) && underWay.size > 0) await Promise.race(underWay);
      if (!canBegin(size)) {
        for (const { planned, part } of chunk) untried.add(group, toItem(planned, part));
        return;
      }
      room.take(size);
      for (const { planned, part } of chunk) if (part !== undefined) housed.add(planned);
      if (isHopeless()) {
        for (const ready of chunk) postpone(toItem(ready.planned, ready.part), ready);
        return;
      }
      const deliveries = chunk.map((ready) => ({ event: ready.event, id: toDeliveryId(group, ready), attempt }));
      const results = await wait(deliverAndReply(deliveries, chunk));
      failedInRow = results.some((result) => result.ok) ? 0 : failedInRow + 1;
      for (const [index, ready] of chunk.entries()) {
        const { planned, part } = ready;
        const decision = decideOn(results[index] ?? unanswered, ready);
        if (decision.kind === 'retry') later.add(toItem(planned, part), attempt, decision.delayMs);
        // The other parts may need the event.
        if (decision.kind === 'delivered' && part === undefined) room.giveBack(eventSizeOf(planned));
      }
    }

    /** One result a delivery; a reply that cannot be published makes its delivery a failure. */
    async function deliverAndReply(
      deliveries: readonly Delivery[],
      chunk: readonly Ready[],
    ): Promise<readonly AttemptResult[]> {
      const results = await sink.deliver(deliveries, target.options, context);
      if (!results.some((result) => result.ok && result.reply !== undefined)) return results;
      return Promise.all(
        chunk.map(({ planned }, index) => publishReply(results[index] ?? unanswered, planned.event, group, publish)),
      );
    }

    /** Whether there are time and room to begin: to be asked, and the room to be taken, without waiting in between. */
    function canBegin(size: number): boolean {
      return !room.isFull(size) && (!isLate() || failedInRow > 0);
    }

    /** The target, or a function, fails so often that the rest is left for later. */
    function isHopeless(): boolean {
      return isLate() || failedInRow >= GIVE_UP_AFTER;
    }

    function decideOn(result: AttemptResult, about: About): Decision {
      const decision = decide(result, target.retry, { attempt, acceptedAt: about.planned.receipt.at }, clock);
      journal.attempted(group, about, result, decision);
      return decision;
    }

    /** Not an attempt: its number stays. Only the age of the event ends this. */
    function postpone(item: Item, about: About): void {
      const delayMs = postponementMs(target.retry, attempt, chance);
      const reason = 'not tried: the target failed several times in a row';
      if (isTooLate(runtime.now() + delayMs, target.retry, { acceptedAt: item.planned.receipt.at })) {
        journal.died(group, about, `too old; ${reason}`, 'age');
      } else {
        later.add(item, attempt - 1, delayMs);
        journal.postponed(group, about, reason, delayMs);
      }
    }

    const ready: Ready[] = [];
    // Functions answer over the network: as many at a time as there are connections.
    if (rule.steps().callsFunctions) {
      const items = await Promise.all(group.items.map((item) => limit(() => makeReady(item))));
      ready.push(...items.flat());
    } else {
      for (const item of group.items) ready.push(...(await makeReady(item)));
    }
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

/** An event has its room once, however many parts it has. */
function roomFor(chunk: readonly Ready[], housed: ReadonlySet<PlannedEvent>): number {
  const seen = new Set<PlannedEvent>();
  let size = 0;
  for (const { planned, part, notes } of chunk) {
    const known = part !== undefined && (housed.has(planned) || seen.has(planned));
    size += known ? PART_SIZE : sizeOf(planned, notes);
    seen.add(planned);
  }
  return size;
}

function toItem(planned: PlannedEvent, part: number | undefined): Item {
  return part === undefined ? { planned } : { planned, parts: [part] };
}

/** The same for every attempt and after every crash; no dot in it (Standard Webhooks). */
function toDeliveryId({ rule, target }: Group, { planned: { receipt, index }, part }: Ready): string {
  const whole = `msg_${receipt.id}_${index}_${rule.name}_${target.name}`;
  return part === undefined ? whole : `${whole}_${part}`;
}

function toSink(sinks: ReadonlyMap<string, Sink>, kind: string): Sink {
  const sink = sinks.get(kind);
  if (sink === undefined) throw new TulleError('internal', `there is no sink of the kind ${kind}`);
  return sink;
}
