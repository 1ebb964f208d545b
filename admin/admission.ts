import type { ErrorItem } from '../event/error.ts';
import { createRuleIndex } from '../functions/filter/rule-index.ts';
import type { Filter } from '../functions/filter/filter.ts';
import { calledFunction } from '../functions/transform/compute.ts';
import { compileSteps, type Step } from '../functions/transform/step.ts';
import { mayGoTo, namedConnection } from '../mesh/connections/settings.ts';
import type { Sink, TargetPolicy } from '../mesh/sink.ts';
import type { Rule, Target } from '../mesh/snapshot.ts';
import { findNearest } from '../functions/schema/nearest.ts';
import { differsFromAddress, withAddress } from './resources/bus.ts';
import { fillRetry, findRetryFaults, toRetryPolicy } from './resources/retry.ts';
import { hostOf } from './secret-uses.ts';
import { type RuleDocument, ruleSchema, type TargetDocument, targetSchema } from './resources/rule.ts';
import {
  escapePointer,
  faultOf,
  faultsOf,
  fillDefaults,
  findFaults,
  throwFaults,
  unknownMember,
} from './validation.ts';

export interface RuleAdmission extends AdmissionOptions {
  /** Names of the functions that a step may call. */
  readonly functions: ReadonlySet<string>;
  readonly connections: KnownConnections;
}

/** The tenant's connections, each with the hosts that it may be used for. */
export type KnownConnections = ReadonlyMap<string, readonly string[] | undefined>;

export interface AdmissionOptions {
  readonly sinks: readonly Sink[];
  readonly policy: TargetPolicy;
}

/**
 * A rule as it is stored, from what was sent to its address. Everything that would fail later fails here: the filter
 * and the steps are compiled, the targets are checked by their sinks.
 * @throws TulleError `resource_invalid`, or the code of the only fault; `errors` has each with its place in the rule
 */
export function admitRule(
  input: unknown,
  address: { readonly bus: string; readonly name: string },
  options: RuleAdmission,
): RuleDocument {
  const named = withAddress(input, address);
  const faults = findFaults(ruleSchema, named);
  if (isShaped(named)) faults.push(...findMeaningFaults(named, address, options, faults));
  throwFaults(faults);
  const rule = fillDefaults(ruleSchema, named) as RuleDocument;
  return { ...rule, targets: rule.targets.map(fillTarget) };
}

/** @throws TulleError `step_invalid` where a rule calls a function that is not there */
export function requireFunctions(rule: RuleDocument, functions: ReadonlySet<string>): void {
  throwFaults(rule.steps.flatMap((step, index) => findCallFaults(step, index, functions)));
}

/** @throws TulleError `target_invalid` where a target names a connection that is not there, or not for its host */
export function requireConnections(rule: RuleDocument, connections: KnownConnections): void {
  throwFaults(rule.targets.flatMap((target, index) => findConnectionFaults(target, `/targets/${index}`, connections)));
}

/** What the mesh needs of it. */
export function toRule(document: RuleDocument, version: number): Rule {
  const { name, enabled, filter, steps, targets } = document;
  return {
    name,
    version,
    enabled,
    filter: filter as Filter,
    steps: steps as readonly Step[],
    targets: targets.flatMap(toTargets),
  };
}

/** What becomes of what a target gives up is a target of its own, with a name that no document can have. */
function toTargets({ deadLetter, ...target }: TargetDocument): Target[] {
  if (deadLetter === undefined) return [toTarget(target)];
  const name = deadLetterTargetOf(target.name);
  return [
    { ...toTarget(target), deadLetter: name },
    { ...toTarget({ ...deadLetter, name, retry: deadLetter.retry } as TargetDocument), deadLettersOnly: true },
  ];
}

export function deadLetterTargetOf(name: string): string {
  return `${name}~dead`;
}

function fillTarget(target: TargetDocument): TargetDocument {
  const { deadLetter } = target;
  const filled = { ...target, retry: fillRetry(target.retry) };
  if (deadLetter === undefined) return filled;
  return { ...filled, deadLetter: { ...deadLetter, retry: fillRetry(deadLetter.retry) } };
}

function toTarget(target: TargetDocument): Target {
  const { name, retry, ordering, rateLimit, concurrency, paused, disabled, deadLetter: _deadLetter, ...sink } = target;
  const [[kind, options] = ['', undefined]] = Object.entries(sink);
  return {
    name,
    kind,
    options,
    retry: toRetryPolicy(retry),
    ...(ordering === undefined ? {} : { ordering }),
    ...(rateLimit === undefined ? {} : { ratePerSecond: rateLimit.perSecond }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(paused ? { paused } : {}),
    ...(disabled === undefined ? {} : { disabled }),
  };
}

/** Far enough like a rule that its parts can be looked at one by one, so that every fault is named at once. */
function isShaped(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function findMeaningFaults(
  rule: Readonly<Record<string, unknown>>,
  address: { readonly bus: string; readonly name: string },
  options: RuleAdmission,
  known: readonly ErrorItem[],
): ErrorItem[] {
  const isSound = (place: string): boolean =>
    !known.some((fault) => fault.place === place || fault.place?.startsWith(`${place}/`));
  const faults: ErrorItem[] = [];
  for (const member of ['name', 'bus'] as const) {
    if (isSound(`/${member}`) && rule[member] !== address[member])
      faults.push(differsFromAddress(member, address[member]));
  }
  const { filter, steps, targets } = rule;
  if (filter !== undefined && isSound('/filter')) {
    faults.push(...faultsOf('/filter', () => createRuleIndex<string>().add('rule', filter as Filter)));
  }
  if (Array.isArray(steps) && isSound('/steps')) {
    for (const [index, step] of steps.entries()) faults.push(...findStepFaults(step as Step, index, options.functions));
  }
  if (Array.isArray(targets) && isSound('/targets')) faults.push(...findTargetFaults(targets, options));
  return faults;
}

/** One by one, so that the faults of every step are named. Alone, a step calls itself `/steps/0`. */
function findStepFaults(step: Step, index: number, functions: ReadonlySet<string>): ErrorItem[] {
  const faults = faultsOf('', () => compileSteps([step]));
  if (faults.length === 0) return findCallFaults(step, index, functions);
  return faults.map((fault) => ({ ...fault, place: (fault.place ?? '').replace('/steps/0', `/steps/${index}`) }));
}

function findCallFaults(step: Step, index: number, functions: ReadonlySet<string>): ErrorItem[] {
  const name = calledFunction(step);
  if (name === undefined || functions.has(name)) return [];
  const nearest = findNearest(name, [...functions]);
  const known = functions.size === 0 ? 'There are none yet.' : `Known: ${[...functions].sort().join(', ')}.`;
  return [
    {
      code: 'step_invalid',
      detail: `There is no function ${name}.`,
      place: `/steps/${index}/compute`,
      mend:
        nearest === undefined ? `Put it into the bundle, or send its document. ${known}` : `Did you mean ${nearest}?`,
    },
  ];
}

function findConnectionFaults(target: object, targetPlace: string, known: KnownConnections): ErrorItem[] {
  const faults: ErrorItem[] = [];
  for (const [kind, options] of Object.entries(target)) {
    const place = `${targetPlace}/${escapePointer(kind)}`;
    if (kind === 'deadLetter') faults.push(...findConnectionFaults(options as object, place, known));
    const name = namedConnection(options);
    if (name === undefined) continue;
    if (!known.has(name)) {
      const nearest = findNearest(name, [...known.keys()]);
      const mend =
        nearest === undefined ? 'Create it with PUT /v1/admin/connections/{name}.' : `Did you mean ${nearest}?`;
      const detail = 'There is no connection of this name.';
      faults.push({ code: 'target_invalid', detail, place: `${place}/connection`, mend });
    } else if (!mayGoToUrl(known.get(name), options)) {
      const detail = `The connection ${name} may not be used for this host.`;
      const mend = 'Name the host under hosts in the connection, or use another connection.';
      faults.push({ code: 'target_invalid', detail, place: `${place}/url`, mend });
    }
  }
  return faults;
}

/** An address that the options do not name is judged when the connection is asked for its credentials; none may go to no host. */
function mayGoToUrl(hosts: readonly string[] | undefined, options: unknown): boolean {
  const url: unknown = Reflect.get(options as object, 'url');
  return url === undefined ? hosts?.length !== 0 : mayGoTo(hosts, hostOf(url));
}

function findTargetFaults(targets: readonly unknown[], options: RuleAdmission): ErrorItem[] {
  const faults: ErrorItem[] = [];
  const names = new Set<string>();
  for (const [index, item] of targets.entries()) {
    const target = item as Readonly<Record<string, unknown>>;
    const place = `/targets/${index}`;
    const {
      name,
      retry,
      ordering: _ordering,
      rateLimit: _rateLimit,
      concurrency: _concurrency,
      paused: _paused,
      disabled: _disabled,
      deadLetter,
      ...rest
    } = fillDefaults(targetSchema, target) as TargetDocument;
    if (names.has(name)) faults.push(faultOf(`${place}/name`, 'name is taken by another target of this rule.'));
    names.add(name);
    faults.push(...findRetryFaults(retry, `${place}/retry`));
    const known = Object.keys(targetSchema.properties);
    faults.push(...findSinkFaults(rest, place, known, options));
    if (deadLetter !== undefined) {
      const { retry: deadLetterRetry, disabled: _deadLetterDisabled, ...deadLetterRest } = deadLetter;
      faults.push(...findRetryFaults(deadLetterRetry, `${place}/deadLetter/retry`));
      faults.push(...findSinkFaults(deadLetterRest, `${place}/deadLetter`, ['retry', 'disabled'], options));
    }
  }
  return faults;
}

/** Of the members that are left when the target's own are taken away: one has to be a sink's. */
function findSinkFaults(
  members: Readonly<Record<string, unknown>>,
  place: string,
  known: readonly string[],
  { sinks, policy, connections }: RuleAdmission,
): ErrorItem[] {
  const faults: ErrorItem[] = [];
  const kinds = sinks.map((sink) => sink.kind);
  const given: Sink[] = [];
  for (const member of Object.keys(members)) {
    const sink = sinks.find((candidate) => candidate.kind === member);
    if (sink === undefined) {
      faults.push(unknownMember(`${place}/${escapePointer(member)}`, member, [...known, ...kinds]));
    } else {
      given.push(sink);
    }
  }
  const [sink] = given;
  if (sink === undefined) {
    faults.push(faultOf(place, 'The target names no sink.', `Add exactly one of: ${kinds.join(', ')}.`));
  } else if (given.length > 1) {
    const found = given.map(({ kind }) => kind).join(', ');
    faults.push(faultOf(place, `The target names several sinks: ${found}.`, 'Make a target of each.'));
  } else {
    const found = findOptionFaults(sink, members[sink.kind], `${place}/${escapePointer(sink.kind)}`, policy);
    faults.push(...(found.length > 0 ? found : findConnectionFaults(members, place, connections)));
  }
  return faults;
}

function findOptionFaults(sink: Sink, options: unknown, place: string, policy: TargetPolicy): ErrorItem[] {
  const faults = findFaults(sink.schema, options, place);
  return faults.length > 0 ? faults : faultsOf(place, () => sink.check?.(options, policy));
}
