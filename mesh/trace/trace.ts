import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import type { DeliveryPlan } from '../envelope.ts';
import type { LaneStatus } from '../lane.ts';
import type { LedgerRecord } from '../ledger.ts';
import type { Rule, Snapshot } from '../snapshot.ts';
import { type ExplainedRule, explainRule } from './explain-rule.ts';
import type { Findings } from './find.ts';
import { viewOf } from './masked-view.ts';
import type { KeptEvent, WaitingDelivery } from './query.ts';
import { rehearse, type RehearsedStep } from './rehearse.ts';
import { createShow, type Show } from './show.ts';

export interface TraceOptions {
  readonly snapshot: Snapshot;
  readonly lanes: ReadonlyMap<string, LaneStatus>;
  /** Data may be shown, masked as the rules redact it. */
  readonly withData: boolean;
  /** Of this rule alone. */
  readonly rule?: string | undefined;
}

export interface EventTrace {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** When it was accepted, in milliseconds since the epoch; with which request, and as which event of it. */
  readonly receivedAt: number;
  readonly request: string;
  readonly index: number;
  /** `false`: it is still to be handed out, or with the dispatcher just now. */
  readonly settled: boolean;
  /** Version of the snapshot that matched it, and of the one by which the rules are explained. */
  readonly matchedBy: number;
  readonly explainedBy: number;
  /** An event of the same id, source and type came before: attempts may be of either. */
  readonly repeated?: true;
  readonly event?: unknown;
  /** Those that were planned first. */
  readonly rules: readonly RuleTrace[];
  /** So many that did not take it are left out: ask for one with `rule`. */
  readonly rulesLeftOut?: number;
}

export interface RuleTrace extends Partial<ExplainedRule> {
  readonly rule: string;
  /** What matters: its deliveries were planned when the event came. */
  readonly planned: boolean;
  readonly steps?: readonly RehearsedStep[] | readonly { readonly step: number; readonly kind: string }[];
  readonly deliveries?: readonly DeliveryTrace[];
}

export interface DeliveryTrace {
  readonly target: string;
  readonly state: DeliveryState;
  /** When the next attempt is due. */
  readonly nextAt?: number;
  /** What waits: for a retry, or in a lane. */
  readonly waiting?: readonly Pick<WaitingDelivery, 'dueAt' | 'attempts' | 'lane' | 'parts' | 'setAside'>[];
  /** Of the target: `open` means that nothing is sent until `probeAt`. */
  readonly breaker?: LaneStatus['breaker'];
  readonly probeAt?: number;
  /** Newest first. */
  readonly attempts: readonly AttemptTrace[];
}

export type AttemptTrace = Omit<
  LedgerRecord,
  'tenant' | 'bus' | 'eventId' | 'source' | 'type' | 'rule' | 'target' | 'event' | 'receipt'
>;

/** How the last record says that it ended, or where it is now. `unrecorded`: nothing is known, as where the bus records less. */
export type DeliveryState = LedgerRecord['status'] | 'queued' | 'waiting' | 'set-aside' | 'unrecorded';

/** Rules that are explained for one event, and events that are traced in one answer. */
const mostRules = 100;
const mostEvents = 10;

/** What became of the events that were found, without any effect on them. */
export async function traceEvents(findings: Findings, options: TraceOptions): Promise<readonly EventTrace[]> {
  const show = createShow();
  const traces: EventTrace[] = [];
  // One after the other: what may be shown is bounded for all of them together.
  for (const kept of findings.events.slice(0, mostEvents)) traces.push(await traceEvent(kept, findings, options, show));
  return traces;
}

/** What happened and what waits of events that are not in the answer: their rows are gone, or were never written. */
export interface OtherTraces {
  readonly deliveries?: readonly LedgerRecord[];
  readonly waiting?: readonly WaitingDelivery[];
}

export function traceOthers({ events, records, waiting }: Findings): OtherTraces {
  const deliveries = records.filter((record) => !events.some((kept) => isAbout(record, kept)));
  const left = waiting.filter(
    ({ receipt, index }) => !events.some((kept) => kept.receipt.id === receipt.id && kept.index === index),
  );
  return {
    ...(deliveries.length === 0 ? {} : { deliveries: deliveries.map(({ event: _event, ...record }) => record) }),
    ...(left.length === 0 ? {} : { waiting: left }),
  };
}

async function traceEvent(
  kept: KeptEvent,
  findings: Findings,
  { snapshot, lanes, withData, rule: only }: TraceOptions,
  show: Show,
): Promise<EventTrace> {
  const { eventId, source, type, receipt, index, settled, version, event: json } = kept;
  const event = json === undefined ? undefined : readEvent(json);
  const parsed: unknown = event === undefined ? undefined : JSON.parse(event.json);
  const plans = [...kept.deliveries, ...(kept.laned ?? [])];
  const plannedNames = [...new Set(plans.map(({ rule }) => rule))];
  const known = new Map(snapshot.rules.map((rule) => [rule.name, rule]));
  const others = snapshot.rules.map(({ name }) => name).filter((name) => !plannedNames.includes(name));
  const names = [...plannedNames, ...others].filter((name) => only === undefined || name === only);

  async function traceRule(name: string): Promise<RuleTrace> {
    const rule = known.get(name);
    const targets = plans.filter((plan) => plan.rule === name);
    const planned = targets.length > 0;
    const explained: Partial<ExplainedRule> =
      rule === undefined
        ? { matches: false, reason: 'there is no such rule any more' }
        : event === undefined
          ? {}
          : explainRule(rule, event.json, parsed);
    if (!planned) return { rule: name, planned, ...explained };
    return {
      rule: name,
      planned,
      ...explained,
      ...(rule === undefined || rule.steps.length === 0 ? {} : { steps: await traceSteps(rule) }),
      deliveries: targets.map((plan) => traceDelivery(plan, kept, findings, lanes)),
    };
  }

  async function traceSteps(rule: Rule): Promise<NonNullable<RuleTrace['steps']>> {
    if (withData && event !== undefined) {
      return (await rehearse(rule, snapshot.bus, { event, receipt, index }, { show })).steps;
    }
    return rule.steps.map((step, place) => ({
      step: place,
      kind: Object.keys(step).find((key) => key !== 'onError') ?? '',
    }));
  }

  const rules: RuleTrace[] = [];
  for (const name of names.slice(0, mostRules)) rules.push(await traceRule(name));
  const same = findings.events.filter((other) => other.source === source && other.type === type);
  return {
    id: eventId,
    source,
    type,
    receivedAt: receipt.at,
    request: receipt.id,
    index,
    settled,
    matchedBy: version,
    explainedBy: snapshot.version,
    ...(same.some((other) => other !== kept && other.receipt.at <= receipt.at) ? { repeated: true } : {}),
    ...(withData && event !== undefined ? { event: show(event.json, viewOf(snapshot.rules)) } : {}),
    rules,
    ...(names.length > mostRules ? { rulesLeftOut: names.length - mostRules } : {}),
  };
}

function traceDelivery(
  { rule, target }: DeliveryPlan,
  kept: KeptEvent,
  findings: Findings,
  lanes: ReadonlyMap<string, LaneStatus>,
): DeliveryTrace {
  const { receipt, index, settled, laned = [] } = kept;
  const isThis = (other: { readonly rule: string; readonly target: string }): boolean =>
    other.rule === rule && other.target === target;
  const waiting = findings.waiting.filter(
    (item) => isThis(item) && item.receipt.id === receipt.id && item.index === index,
  );
  const records = findings.records.filter((record) => isThis(record) && isAbout(record, kept));
  const lane = lanes.get(`${rule}/${target}`);
  const [last] = records;
  const state = stateOf(waiting, last, settled || laned.some(isThis));
  const due = waiting.filter(({ setAside }) => setAside === undefined).map(({ dueAt }) => dueAt);
  const nextAt = due.length > 0 ? Math.min(...due) : state === 'waiting' ? last?.nextAt : undefined;
  return {
    target,
    state,
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(waiting.length === 0
      ? {}
      : {
          waiting: waiting.map(({ dueAt, attempts, lane: of, parts, setAside }) => ({
            dueAt,
            attempts,
            ...(of === undefined ? {} : { lane: of }),
            ...(parts === undefined ? {} : { parts }),
            ...(setAside === undefined ? {} : { setAside }),
          })),
        }),
    ...(lane === undefined ? {} : { breaker: lane.breaker }),
    ...(lane?.probeAt === undefined ? {} : { probeAt: lane.probeAt }),
    attempts: records.map(toAttempt),
  };
}

function stateOf(
  waiting: readonly WaitingDelivery[],
  last: LedgerRecord | undefined,
  isHandedOut: boolean,
): DeliveryState {
  if (waiting.some(({ setAside }) => setAside !== true)) return 'waiting';
  if (waiting.length > 0) return 'set-aside';
  if (last === undefined) return isHandedOut ? 'unrecorded' : 'queued';
  return last.status === 'retrying' || last.status === 'redriven' ? 'waiting' : last.status;
}

/** Dispatchers' clocks may be behind the one that accepted it. */
const clockMs = 60_000;

function isAbout(record: LedgerRecord, { eventId, source, type, receipt }: KeptEvent): boolean {
  const isSame = record.eventId === eventId && record.source === source && record.type === type;
  return isSame && record.at >= receipt.at - clockMs;
}

function toAttempt(record: LedgerRecord): AttemptTrace {
  const { tenant: _t, bus: _b, rule: _r, target: _g, eventId: _i, source: _s, type: _y, event: _e, ...rest } = record;
  const { receipt: _receipt, ...attempt } = rest;
  return attempt;
}

function readEvent(json: string): Event | undefined {
  try {
    return fromJson(json);
  } catch (error) {
    // It was accepted by other rules than today's: what is known without its text is told.
    if (TulleError.is(error)) return undefined;
    throw error;
  }
}
