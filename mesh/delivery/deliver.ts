import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { encodeEnvelope, type PlannedEvent } from '../envelope.ts';
import type { Runtime, Secrets, Settlement } from '../ports.ts';
import type { Reshape } from '../reshape.ts';
import { toChunks } from '../router.ts';
import type { AttemptResult, Sink, TargetPolicy } from '../sink.ts';
import type { Group } from './group.ts';
import type { Journal } from './journal.ts';
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

/** Delivers a group to its target; answers what has to be tried again. */
export type Deliver = (group: Group) => Promise<Settlement['retries']>;

interface Ready {
  readonly planned: PlannedEvent;
  readonly event: Event;
}

/** Failures in a row after which the rest for this target is left for later: one round of a Worker's connections. */
const GIVE_UP_AFTER = 6;
/** After this no further call is started: what is left is handed out again, so that no batch is held for minutes. */
const DISPATCH_MS = 30_000;

export function createDelivery(options: DeliveryOptions): Deliver {
  const { sinks, secrets, policy, runtime, journal, limit } = options;
  const context = { runtime, secrets, policy };
  const deadline = runtime.now() + DISPATCH_MS;

  return async (group) => {
    const { target, attempt } = group;
    const sink = toSink(sinks, target.kind);
    // One draw for the group: what fails together is tried again together, in one message.
    const chance = runtime.random();
    const clock = { now: runtime.now, random: () => chance };
    const later = createLater(group);
    let failedInRow = 0;

    async function send(chunk: readonly Ready[]): Promise<void> {
      const late = runtime.now() >= deadline;
      if (late || failedInRow >= GIVE_UP_AFTER) {
        for (const { planned } of chunk) postpone(planned, failedInRow > 0);
        return;
      }
      const deliveries = chunk.map(({ planned, event }) => ({ event, id: toDeliveryId(group, planned), attempt }));
      const results = await sink.deliver(deliveries, target.options, context);
      failedInRow = results.some((result) => result.ok) ? 0 : failedInRow + 1;
      for (const [index, { planned }] of chunk.entries()) {
        const result = results[index] ?? unanswered;
        const decision = decide(result, target.retry, { attempt, firstAttemptAt: planned.receipt.at }, clock);
        if (decision.kind === 'retry') later.add(planned, attempt, decision.delayMs);
        journal.attempted(group, planned, result, decision);
      }
    }

    /** Not an attempt: its number stays. Only the age of the event ends this. */
    function postpone(planned: PlannedEvent, failing: boolean): void {
      const delayMs = failing ? Math.max(1_000, Math.floor(chance * backoffCeilingMs(attempt))) : 0;
      const reason = failing ? 'not tried: the target failed several times in a row' : 'not tried: no time was left';
      if (runtime.now() + delayMs > planned.receipt.at + target.retry.maxAgeSeconds * 1000) {
        journal.died(group, planned, `too old; ${reason}`);
      } else {
        later.add(planned, attempt - 1, delayMs);
        journal.postponed(group, planned, reason, delayMs);
      }
    }

    const ready = await prepare(group, options);
    const size = sink.batchSize(target.options);
    const calls: Promise<void>[] = [];
    for (let start = 0; start < ready.length; start += size) {
      const chunk = ready.slice(start, start + size);
      calls.push(limit(() => send(chunk)));
    }
    await Promise.all(calls);
    return later.messages();
  };
}

const unanswered: AttemptResult = {
  ok: false,
  failure: 'network',
  latencyMs: 0,
  reason: 'the sink did not answer for it',
};

/** Runs the steps; an event on which one fails ends here. */
async function prepare(group: Group, { reshape, journal }: DeliveryOptions): Promise<Ready[]> {
  const ready: Ready[] = [];
  for (const planned of group.items) {
    try {
      const reshaped = reshape(group.rule, planned);
      ready.push({ planned, event: reshaped instanceof Promise ? await reshaped : reshaped });
    } catch (error) {
      if (!TulleError.is(error) || error.fault === 'system') throw error;
      journal.died(group, planned, `${error.code}: ${error.message}`);
    }
  }
  return ready;
}

/** What is tried again, in as few messages as differ in their state or their time. */
function createLater(group: Group): {
  add(planned: PlannedEvent, attempts: number, delayMs: number): void;
  messages(): Settlement['retries'];
} {
  const { tenant, bus, compiled, rule, target } = group;
  const deliveries = [{ rule: rule.name, target: target.name }];
  const waiting = new Map<string, { attempts: number; delayMs: number; events: PlannedEvent[] }>();
  return {
    add(planned, attempts, delayMs) {
      const key = `${attempts}/${delayMs}`;
      let together = waiting.get(key);
      if (together === undefined) {
        together = { attempts, delayMs, events: [] };
        waiting.set(key, together);
      }
      together.events.push({ ...planned, deliveries });
    },
    messages() {
      const { version } = compiled.snapshot;
      return [...waiting.values()].flatMap(({ attempts, delayMs, events }) =>
        toChunks(events).map((chunk) => ({
          body: encodeEnvelope({ tenant, bus, version, attempts, events: chunk }),
          delayMs,
        })),
      );
    },
  };
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
