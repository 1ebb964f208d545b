import { TulleError } from '../event/error.ts';
import type { Event } from '../event/event.ts';
import type { CompiledRule, CompiledSnapshot } from './compiled-snapshot.ts';
import { createLimit } from './concurrency.ts';
import { decide, type Decision } from './delivery/retry.ts';
import { decodeEnvelope, encodeEnvelope, type PlannedEvent } from './envelope.ts';
import type { DeliveryStatus, LedgerRecord } from './ledger.ts';
import type { QueueConsumer, Runtime, Secrets, Settlement } from './ports.ts';
import { createReshape, type Reshape } from './reshape.ts';
import { toChunks } from './router.ts';
import type { AttemptResult, Sink, TargetPolicy } from './sink.ts';
import type { Target } from './snapshot.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface DispatcherOptions {
  readonly snapshots: SnapshotSource;
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly secrets: Secrets;
  readonly policy: TargetPolicy;
  readonly runtime: Runtime;
}

/** Deliveries to one target that share their number of attempts: they are sent, and tried again, together. */
interface Group {
  readonly tenant: string;
  readonly bus: string;
  readonly compiled: CompiledSnapshot;
  readonly rule: CompiledRule;
  readonly target: Target;
  /** The attempt to be made now, from 1. */
  readonly attempt: number;
  readonly items: PlannedEvent[];
}

/** Simultaneous calls of one dispatch: a Worker's invocation has 6 connections. */
const CONCURRENCY = 6;

/**
 * Runs the steps of every planned delivery, hands the results to the targets, and says what is left to do. Rejects only
 * when it cannot know what to do (no snapshot): then nothing is settled, and everything is handed out again.
 */
export function createDispatcher(options: DispatcherOptions): QueueConsumer {
  const { snapshots, runtime } = options;

  return async (messages) => {
    const settlement: MutableSettlement = { retries: [], records: [] };
    const groups = new Map<string, Group>();
    for (const message of messages) {
      const envelope = decodeEnvelope(message);
      const { tenant, bus } = envelope;
      const compiled = await snapshots.atLeast(tenant, bus, envelope.version);
      for (const planned of envelope.events) {
        for (const { rule: ruleName, target: targetName } of planned.deliveries) {
          const key = `${tenant}/${bus}/${ruleName}/${targetName}/${envelope.attempts}`;
          const group = groups.get(key);
          if (group !== undefined) {
            group.items.push(planned);
            continue;
          }
          const rule = compiled?.rule(ruleName);
          const target = rule?.target(targetName);
          const attempt = envelope.attempts + 1;
          if (compiled === undefined || rule === undefined || target === undefined) {
            const reason = 'the rule or the target was removed or disabled after the event was matched';
            const place = { tenant, bus, rule: ruleName, target: targetName, attempt };
            settlement.records.push(toRecord(place, planned, 'disabled', runtime.now(), { reason }));
          } else groups.set(key, { tenant, bus, compiled, rule, target, attempt, items: [planned] });
        }
      }
    }
    const limit = createLimit(CONCURRENCY);
    const reshape = createReshape(runtime);
    await Promise.all(
      Array.from(groups.values(), (group) => deliver(group, settlement, { ...options, limit, reshape })),
    );
    return settlement;
  };
}

interface MutableSettlement extends Settlement {
  readonly retries: { body: string; delayMs: number }[];
  readonly records: LedgerRecord[];
}

interface DeliverOptions extends DispatcherOptions {
  readonly limit: ReturnType<typeof createLimit>;
  readonly reshape: Reshape;
}

async function deliver(
  group: Group,
  settlement: MutableSettlement,
  { sinks, secrets, policy, runtime, limit, reshape }: DeliverOptions,
): Promise<void> {
  const { target, attempt } = group;
  const sink = sinks.get(target.kind);
  if (sink === undefined) throw new TulleError('internal', `there is no sink of the kind ${target.kind}`);
  const ready: { planned: PlannedEvent; event: Event }[] = [];
  for (const planned of group.items) {
    try {
      ready.push({ planned, event: await reshape(group.rule, planned) });
    } catch (error) {
      if (!TulleError.is(error) || error.fault === 'system') throw error;
      finish(settlement, group, planned, 'dead-lettered', runtime, { reason: `${error.code}: ${error.message}` });
    }
  }

  const context = { runtime, secrets, policy };
  // One draw for the group: what fails together is tried again together, in one message.
  const chance = runtime.random();
  const again = new Map<number, PlannedEvent[]>();
  const size = sink.batchSize(target.options);
  const calls: Promise<void>[] = [];
  for (let start = 0; start < ready.length; start += size) {
    const chunk = ready.slice(start, start + size);
    const deliveries = chunk.map(({ planned, event }) => ({ event, id: toDeliveryId(group, planned), attempt }));
    calls.push(
      limit(async () => {
        const results = await sink.deliver(deliveries, target.options, context);
        for (const [index, { planned }] of chunk.entries()) {
          const result = results[index] ?? unanswered;
          const state = { attempt, firstAttemptAt: planned.receipt.at };
          const decision = decide(result, target.retry, state, { now: runtime.now, random: () => chance });
          if (decision.kind === 'retry') {
            const later = again.get(decision.delayMs);
            if (later === undefined) again.set(decision.delayMs, [planned]);
            else later.push(planned);
          }
          record(settlement, group, planned, result, decision, runtime);
        }
      }),
    );
  }
  await Promise.all(calls);
  for (const [delayMs, planned] of again) {
    for (const chunk of toChunks(planned)) settlement.retries.push({ body: toRetry(group, chunk), delayMs });
  }
}

const unanswered: AttemptResult = {
  ok: false,
  failure: 'network',
  latencyMs: 0,
  reason: 'the sink did not answer for it',
};

function toRetry({ tenant, bus, compiled, rule, target, attempt }: Group, items: readonly PlannedEvent[]): string {
  const deliveries = [{ rule: rule.name, target: target.name }];
  const events = items.map((planned) => ({ ...planned, deliveries }));
  return encodeEnvelope({ tenant, bus, version: compiled.snapshot.version, attempts: attempt, events });
}

function toDeliveryId({ rule, target }: Group, { receipt, index }: PlannedEvent): string {
  return `msg_${receipt.id}_${index}_${rule.name}_${target.name}`;
}

function record(
  settlement: MutableSettlement,
  group: Group,
  planned: PlannedEvent,
  result: AttemptResult,
  decision: Decision,
  runtime: Runtime,
): void {
  const details: RecordDetails = {
    ...(result.code === undefined ? {} : { code: result.code }),
    latencyMs: result.latencyMs,
    ...(result.ok ? {} : { reason: result.reason }),
  };
  if (decision.kind === 'delivered') finish(settlement, group, planned, 'delivered', runtime, details);
  else if (decision.kind === 'retry') {
    finish(settlement, group, planned, 'retrying', runtime, { ...details, nextAt: runtime.now() + decision.delayMs });
  } else finish(settlement, group, planned, 'dead-lettered', runtime, { ...details, reason: decision.reason });
}

type RecordDetails = Pick<LedgerRecord, 'code' | 'latencyMs' | 'reason' | 'nextAt'>;

/** Dead letters are always kept, with the event as it was accepted; the rest as the bus asks. */
function finish(
  settlement: MutableSettlement,
  group: Group,
  planned: PlannedEvent,
  status: DeliveryStatus,
  runtime: Runtime,
  details: RecordDetails,
): void {
  const { record: kept } = group.compiled.snapshot.settings;
  const dead = status === 'dead-lettered';
  if (!dead && (kept === 'none' || (kept === 'failures' && status === 'delivered'))) return;
  const { tenant, bus, attempt } = group;
  const place = { tenant, bus, rule: group.rule.name, target: group.target.name, attempt };
  const entry = toRecord(place, planned, status, runtime.now(), details);
  settlement.records.push(dead ? { ...entry, event: planned.event.json } : entry);
}

function toRecord(
  place: Pick<LedgerRecord, 'tenant' | 'bus' | 'rule' | 'target' | 'attempt'>,
  { event }: PlannedEvent,
  status: DeliveryStatus,
  at: number,
  details: RecordDetails,
): LedgerRecord {
  const { id, source, type } = event.attributes;
  return { at, status, eventId: id, source, type, ...place, ...details };
}
