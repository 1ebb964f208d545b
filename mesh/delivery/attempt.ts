import { TulleError } from '../../event/error.ts';
import { deliveriesIn } from '../books.ts';
import type { Credentials } from '../connections/credentials.ts';
import type { Publish } from '../functions/publish.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Reshape } from '../reshape.ts';
import type { Sockets } from '../ports/sockets.ts';
import type { AttemptResult, Delivery, Sink, TargetPolicy } from '../sink.ts';
import type { PlannedEvent } from '../envelope.ts';
import type { Group, Item } from './group.ts';
import type { About, Journal } from './journal.ts';
import { correlate } from '../publish/correlate.ts';
import { prepare, type Ready } from './prepare.ts';
import { presetOf } from './presets.ts';
import { publishReply } from './reply.ts';
import { decide, type Decision } from './retry.ts';
import type { SignOffs } from './sign-off.ts';

export interface AttemptOptions {
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly credentials: Credentials;
  readonly policy: TargetPolicy;
  readonly sockets?: Sockets | undefined;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly reshape: Reshape;
  readonly signOffs: SignOffs;
  /** Where replies of targets go. */
  readonly publish: Publish;
  /** Told of faults of ours, for the operator. */
  readonly report: (message: string, error: unknown) => void;
}

/** One attempt at the deliveries of a group. Whatever ends is written down; what does not is answered. */
export interface Attempt {
  /** Deliveries that one call takes. */
  readonly batchSize: number;
  /** Runs the steps on one event. Nothing is ready and nothing left when it ended there. */
  ready(item: Item): Prepared | Promise<Prepared>;
  send(chunk: readonly Ready[]): Promise<Sent>;
}

export interface Prepared {
  readonly ready: readonly Ready[];
  readonly left?: Left;
}

export interface Sent {
  /** The target is well: it took something, or refused an event for what it is. */
  readonly ok: boolean;
  readonly delivered: readonly Ready[];
  readonly left: readonly Left[];
  /** See `Decision`. */
  readonly throttledMs?: number;
}

/** To be tried again, after so many milliseconds. */
export interface Left {
  readonly item: Item;
  readonly delayMs: number;
}

export function createAttempt(options: AttemptOptions, group: Group): Attempt {
  const { sinks, credentials, policy, sockets, runtime, journal, reshape, publish, report } = options;
  const { rule, target, attempt } = group;
  const { timeoutSeconds, failures } = presetOf(target.retry);
  const resend = failures.network.resend === true ? ({ resend: true } as const) : {};
  const { snapshot } = group.compiled;
  const secrets = credentials.secretsOf(snapshot);
  const authorize = credentials.authorizeOf(snapshot);
  const context = { runtime, secrets, sockets, authorize, policy, timeoutSeconds, ...resend };
  const sink = toSink(sinks, target.kind);
  // One draw for the group: what fails together is tried again together, in one message.
  const chance = runtime.random();
  const clock = { now: runtime.now, random: () => chance };

  function decideOn(result: AttemptResult, about: About): Decision {
    const decision = decide(result, target.retry, { attempt, acceptedAt: about.planned.receipt.at }, clock);
    journal.attempted(group, about, result, decision);
    if ('disables' in decision) options.signOffs.add(group, decision.reason);
    return decision;
  }

  function finish(item: Item, prepared: Awaited<ReturnType<typeof prepare>>): Prepared {
    const { planned } = item;
    if (prepared.kind === 'ready') {
      const { events, gone } = prepared;
      const parts = events.flatMap(({ part }) => part ?? []);
      if (parts.length > 0) journal.made(group, planned, parts);
      journal.added(events.length + gone.length - deliveriesIn(item));
      if (gone.length > 0) journal.filtered(group, { planned, parts: gone });
      return { ready: events };
    }
    if (prepared.kind === 'unavailable') {
      const decision = decideOn(prepared.result, item);
      return { ready: [], ...(decision.kind === 'retry' ? { left: { item, delayMs: decision.delayMs } } : {}) };
    }
    if (prepared.kind === 'filtered') journal.filtered(group, { ...item, notes: prepared.notes });
    else journal.died(group, item, prepared.reason);
    return { ready: [] };
  }

  /** One result a delivery; a reply that cannot be published makes its delivery a failure. */
  async function deliverAndReply(
    deliveries: readonly Delivery[],
    chunk: readonly Ready[],
  ): Promise<readonly AttemptResult[]> {
    const results = await sink.deliver(deliveries, target.options, context);
    if (!results.some((result) => result.ok && result.reply !== undefined)) return results;
    return Promise.all(
      chunk.map(({ planned }, index) =>
        publishReply(correlate(results[index] ?? unanswered, planned), planned.event, group, publish),
      ),
    );
  }

  /** Dead letters go on as they are: the steps may be what they died of. */
  function toReshaped(item: Item): ReturnType<Reshape> {
    if (target.deadLettersOnly === true) return { events: [item.planned.event], notes: [] };
    return reshape(rule, item.planned);
  }

  return {
    batchSize: sink.batchSize(target.options),
    ready(item) {
      const prepared = prepare(
        item,
        () => toReshaped(item),
        (error) => report(`the steps of the rule ${rule.name} broke off; the delivery is tried again`, error),
      );
      return prepared instanceof Promise ? prepared.then((value) => finish(item, value)) : finish(item, prepared);
    },
    async send(chunk) {
      const deliveries = chunk.map((ready) => ({ event: ready.event, id: toDeliveryId(group, ready), attempt }));
      const results = await deliverAndReply(deliveries, chunk);
      const delivered: Ready[] = [];
      const left: Left[] = [];
      let throttledMs = -1;
      let ok = false;
      let index = 0;
      for (const ready of chunk) {
        const result = results[index++] ?? unanswered;
        const decision = decideOn(result, ready);
        if (result.ok || (decision.kind === 'dead' && refusesEvent(result))) ok = true;
        if (decision.throttledMs !== undefined) throttledMs = Math.max(throttledMs, decision.throttledMs);
        if (decision.kind === 'delivered') delivered.push(ready);
        if (decision.kind === 'retry') left.push({ item: toItem(ready), delayMs: decision.delayMs });
      }
      return { ok, delivered, left, ...(throttledMs < 0 ? {} : { throttledMs }) };
    },
  };
}

export function toItem({ planned, part }: Ready): Item {
  return part === undefined ? { planned } : { planned, parts: [part] };
}

/** By statuses that speak of the event, not of the target: bad, too large, of a wrong type, not to be processed. */
function refusesEvent({ code }: AttemptResult): boolean {
  return code === 400 || code === 413 || code === 415 || code === 422;
}

const unanswered: AttemptResult = {
  ok: false,
  failure: 'network',
  latencyMs: 0,
  reason: 'the sink did not answer for it',
};

/** The same for every attempt and after every crash; no dot in it (Standard Webhooks). */
export function toDeliveryId(
  { rule, target }: { readonly rule: { readonly name: string }; readonly target: { readonly name: string } },
  {
    planned: { receipt, index },
    part,
  }: Pick<Ready, 'part'> & { readonly planned: Pick<PlannedEvent, 'receipt' | 'index'> },
): string {
  const whole = `msg_${receipt.id}_${index}_${rule.name}_${target.name}`;
  return part === undefined ? whole : `${whole}_${part}`;
}

function toSink(sinks: ReadonlyMap<string, Sink>, kind: string): Sink {
  const sink = sinks.get(kind);
  if (sink === undefined) throw new TulleError('internal', `there is no sink of the kind ${kind}`);
  return sink;
}
