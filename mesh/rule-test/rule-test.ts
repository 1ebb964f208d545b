import { type ErrorItem, TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { PredicateExplanation } from '../../functions/filter/condition.ts';
import { type EvaluatedEvent, evaluatedText } from '../../functions/filter/evaluate.ts';
import { createExplainer } from '../../functions/filter/explain.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import type { CompiledSteps } from '../../functions/transform/step.ts';
import type { PlannedEvent } from '../envelope.ts';
import { createSchemaGate } from '../schema-gate.ts';
import type { Rule, Snapshot, Target } from '../snapshot.ts';
import { type ExplainedRule, toExplained } from '../trace/explain-rule.ts';
import { rehearse, type RehearsedStep } from '../trace/rehearse.ts';
import { createShow } from '../trace/show.ts';
import type { TestedFunctions } from './tested-functions.ts';
import { createTestedRequests, type TestedRequest, type TestedRequestsOptions } from './tested-requests.ts';

/** An event that rules are tried on. */
export interface TestedEvent extends Pick<PlannedEvent, 'event' | 'receipt' | 'index'> {
  /** Whoever asks sent it along: it tells them nothing new. */
  readonly given: boolean;
}

export interface RuleTestOptions extends Omit<TestedRequestsOptions, 'snapshot'> {
  /** Of the bus; its own rules are not looked at. */
  readonly snapshot: Snapshot;
  readonly rules: readonly Rule[];
  readonly functions: TestedFunctions;
  /** Functions may reach the network. */
  readonly callsAll: boolean;
  /** Whoever asks may see events as they are: what rules redact is masked for others, and data of kept events absent. */
  readonly disclose: boolean;
}

export interface RuleTest {
  readonly events: readonly EventOutcome[];
  /** So many events were not looked at: together they would have taken too much. */
  readonly eventsLeftOut?: number;
  /** What would be sent, numbered from 0 by their order. */
  readonly requests: readonly TestedRequest[];
  /** So many deliveries are not among them. */
  readonly deliveriesLeftOut?: number;
}

export interface EventOutcome {
  /** Which of the events that were asked about, from 0. */
  readonly event: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Of one that is kept: when it was accepted, in milliseconds since the epoch. */
  readonly receivedAt?: number;
  /** Why the bus would not accept it: it does not fit the schema of its type. */
  readonly refused?: { readonly code: string; readonly detail: string; readonly errors?: readonly ErrorItem[] };
  /** Those that take it first. */
  readonly rules: readonly RuleOutcome[];
  /** So many rules that do not take it are not among them. */
  readonly rulesLeftOut?: number;
}

export interface RuleOutcome extends ExplainedRule {
  readonly rule: string;
  /** The rule is switched off: what follows is what it would do. */
  readonly enabled?: false;
  /** Every test of the filter, with what the event has there; only where that may be seen. */
  readonly predicates?: readonly PredicateExplanation[];
  /** The rest is there where the filter takes the event. */
  readonly outcome?: 'sent' | 'filtered' | 'failed' | 'unknown' | 'leftOut';
  readonly steps?: readonly RehearsedStep[] | readonly { readonly step: number; readonly kind: string }[];
  /** What functions would publish. */
  readonly emits?: readonly {
    readonly bus?: string;
    readonly id: string;
    readonly source: string;
    readonly type: string;
  }[];
  readonly targets?: readonly TargetOutcome[];
}

export interface TargetOutcome {
  readonly target: string;
  /** Why nothing goes there now. */
  readonly held?: 'rule disabled' | 'target disabled' | 'target paused';
  /** Numbers of requests. */
  readonly requests?: readonly number[];
}

/**
 * Rules times events that are matched, an expression of JSONata counted as many others: it may take 5 ms; those that are
 * explained; and rules whose steps are run.
 */
const mostPairs = 20_000;
const jsonataWeight = 50;
const mostExplained = 1_000;
const mostExplainedOfEvent = 100;
const mostRuns = 200;
/** Steps of evaluation of all expressions, a second or two; the last rule may take its own 20 million more. */
const mostFuel = 20_000_000;
const mostPredicates = 50;
const mostEmits = 20;
/** UTF-16 units of a value in an explanation. */
const actualLength = 200;

/** Says what rules would make of events. Nothing is sent, stored or counted. */
export async function testRules(tested: readonly TestedEvent[], options: RuleTestOptions): Promise<RuleTest> {
  const { snapshot, rules, functions, callsAll, disclose } = options;
  const index = createRuleIndex<Rule>();
  for (const rule of rules) index.add(rule, rule.filter);
  const explainers = new Map<Rule, ReturnType<typeof createExplainer>>();
  const gate = createSchemaGate(snapshot);
  const requests = createTestedRequests(options);
  const show = createShow();
  let explained = 0;
  let runs = 0;
  let fuel = mostFuel;

  function explain(rule: Rule, event: EvaluatedEvent, parsed: unknown, isSeen: boolean): Partial<RuleOutcome> {
    let explainer = explainers.get(rule);
    if (explainer === undefined) explainers.set(rule, (explainer = createExplainer(rule.filter)));
    const explanation = explainer(event);
    return {
      ...toExplained(explanation, parsed),
      ...(isSeen ? { predicates: explanation.predicates.slice(0, mostPredicates).map(toShown) } : {}),
    };
  }

  async function follow(rule: Rule, number: number, one: TestedEvent): Promise<Partial<RuleOutcome>> {
    const isSeen = disclose || one.given;
    const targets = rule.targets.filter(({ deadLettersOnly }) => deadLettersOnly !== true);
    if (!isSeen) {
      const steps = rule.steps.map((step, place) => ({ step: place, kind: kindOf(step) }));
      return { ...(steps.length === 0 ? {} : { steps }), targets: targets.map((target) => toTarget(rule, target)) };
    }
    if (runs >= mostRuns || fuel <= 0) return { outcome: 'leftOut' };
    runs += 1;
    // Each step reads and writes the event: about as much as an eighth of a step of evaluation a character.
    fuel -= (one.event.json.length * rule.steps.length) / 8;
    const { call, emitted } = functions.callsOf(snapshot, one, rule.name);
    const { steps, events } = await rehearse(rule, snapshot.bus, one, {
      show,
      unmasked: disclose,
      call,
      callsAll,
      spent: (used) => (fuel -= used),
    });
    const outcome = toOutcome(steps, events);
    if (outcome === 'sent') for (const target of targets) requests.add(rule, target, number, one, events ?? []);
    const emits = emitted.slice(0, mostEmits).map(({ event: { attributes }, bus }) => ({
      ...(bus === undefined ? {} : { bus }),
      id: attributes.id,
      source: attributes.source,
      type: attributes.type,
    }));
    return {
      outcome,
      ...(steps.length === 0 ? {} : { steps }),
      ...(emits.length === 0 ? {} : { emits }),
      ...(outcome === 'sent' ? { targets: targets.map((target) => toTarget(rule, target)) } : {}),
    };
  }

  async function test(one: TestedEvent, number: number): Promise<EventOutcome> {
    const { event, receipt, given } = one;
    const { id, source, type } = event.attributes;
    const parsed: unknown = JSON.parse(event.json);
    const evaluated = evaluatedText(event.json);
    const matched = new Set(index.match(event.json, { mode: event.duplicateKeys ? 'validated' : 'trusted' }));
    const ordered = [...rules.filter((rule) => matched.has(rule)), ...rules.filter((rule) => !matched.has(rule))];
    const room = Math.max(matched.size, Math.min(mostExplainedOfEvent, mostExplained - explained));
    const outcomes: RuleOutcome[] = [];
    for (const rule of ordered.slice(0, room)) {
      explained += 1;
      const matches = matched.has(rule);
      outcomes.push({
        rule: rule.name,
        ...(rule.enabled ? {} : { enabled: false }),
        matches,
        ...(explained > mostExplained ? {} : explain(rule, evaluated, parsed, disclose || given)),
        ...(matches ? await follow(rule, number, one) : {}),
      });
    }
    const refused = given ? findRefusal(gate, event) : undefined;
    return {
      event: number,
      id,
      source,
      type,
      ...(given ? {} : { receivedAt: receipt.at }),
      ...(refused === undefined ? {} : { refused }),
      rules: outcomes,
      ...(ordered.length > outcomes.length ? { rulesLeftOut: ordered.length - outcomes.length } : {}),
    };
  }

  const weight = rules.reduce((sum, { filter }) => sum + ('jsonata' in filter ? jsonataWeight : 1), 0);
  const within = tested.slice(0, Math.max(1, Math.floor(mostPairs / Math.max(1, weight))));
  const events: EventOutcome[] = [];
  for (const [number, one] of within.entries()) events.push(await test(one, number));
  const { sent, leftOut } = await requests.send();
  return {
    events: events.map((outcome) => withRequests(outcome, sent)),
    ...(within.length < tested.length ? { eventsLeftOut: tested.length - within.length } : {}),
    requests: sent,
    ...(leftOut === 0 ? {} : { deliveriesLeftOut: leftOut }),
  };
}

function toOutcome(
  steps: readonly RehearsedStep[],
  events: Awaited<ReturnType<CompiledSteps['run']>> | undefined,
): NonNullable<RuleOutcome['outcome']> {
  if (events !== undefined) return events.some((event) => event !== undefined) ? 'sent' : 'filtered';
  return steps.some(({ outcome }) => outcome === 'notCalled') ? 'unknown' : 'failed';
}

function toTarget(rule: Rule, { name, disabled, paused }: Target): TargetOutcome {
  const held = !rule.enabled
    ? 'rule disabled'
    : disabled !== undefined
      ? 'target disabled'
      : paused === true
        ? 'target paused'
        : undefined;
  return { target: name, ...(held === undefined ? {} : { held }) };
}

function withRequests(outcome: EventOutcome, sent: readonly TestedRequest[]): EventOutcome {
  const own = sent.flatMap((request, number) =>
    request.events.some(({ event }) => event === outcome.event) ? [{ request, number }] : [],
  );
  const rules = outcome.rules.map((rule): RuleOutcome => {
    if (rule.outcome !== 'sent' || rule.targets === undefined) return rule;
    const targets = rule.targets.map((target) => ({
      ...target,
      requests: own
        .filter(({ request }) => request.rule === rule.rule && request.target === target.target)
        .map(({ number }) => number),
    }));
    return { ...rule, targets };
  });
  return { ...outcome, rules };
}

function findRefusal(gate: ReturnType<typeof createSchemaGate>, event: Event): EventOutcome['refused'] {
  try {
    gate?.review([event]);
    return undefined;
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const { code, detail } = error.toItem();
    return { code, detail, ...(error.errors === undefined ? {} : { errors: error.errors }) };
  }
}

function kindOf(step: Rule['steps'][number]): string {
  return Object.keys(step).find((key) => key !== 'onError') ?? '';
}

function toShown({ path, operator, expected, actual, matched, note }: PredicateExplanation): PredicateExplanation {
  const text = typeof actual === 'string' ? actual : actual === undefined ? undefined : JSON.stringify(actual);
  return {
    path,
    operator,
    expected,
    actual: text === undefined || text.length <= actualLength ? actual : `${text.slice(0, actualLength)}…`,
    matched,
    ...(note === undefined ? {} : { note }),
  };
}
