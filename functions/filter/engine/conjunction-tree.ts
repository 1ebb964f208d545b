import { type Requirement, holds } from './requirement.ts';
import type { Run } from './run.ts';
import { type ShortList, withItem, withoutItem } from './short-list.ts';
import type { ValueIndex } from './value-index.ts';

/** Requirements that are met together, and what that means: a rule matches, or one part of a larger rule does. */
export interface Conjunction {
  /** All requirements, those that are met most seldom first. */
  readonly way: readonly Requirement[];
  /** Those of fields below the same top member: array elements can set them against each other. By path. */
  readonly related: readonly Requirement[];
  readonly mayBeAbsent: boolean;
  readonly goal: Goal;
  /** The step that it waits at. */
  step: Step | undefined;
}

export interface Goal {
  /** The event in which it was reached. */
  epoch: number;
  /** For a part of a rule: the rules to ask when it was reached. */
  readonly wakes: Goal[] | undefined;
}

/**
 * A tree of the ways that conjunctions take: a step is one met requirement, and what lies behind an unmet one is never
 * looked at. A few conjunctions wait together at a step, each with the rest of its way; when there are more of them
 * they are spread over next steps, which those with the same requirement share.
 */
export interface Step {
  readonly requirement: Requirement;
  readonly parent: Step | undefined;
  /** How many requirements of a way are met here. */
  readonly depth: number;
  /** Conjunctions that end here. */
  ends: ShortList<Conjunction>;
  /** Conjunctions with a rest, while they are few; there are next steps instead once they were `spread`. */
  waiting: ShortList<Conjunction>;
  isSpread: boolean;
  /** By requirements that values meet, and by those that are asked afterwards. */
  next: Map<Requirement, Step> | undefined;
  residual: Map<Requirement, Step> | undefined;
}

/** So many may wait with a rest before they are spread. */
const mostWaiting = 8;

export interface ConjunctionTree {
  /** Requirements that can hold without any value and start a way. */
  readonly withoutValue: Set<Requirement>;
}

/** The order in which a conjunction asks its requirements: by the kind of test, then by how many rules ask it. */
export function wayOf(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.toSorted((a, b) => a.rank - b.rank || a.uses - b.uses || a.id - b.id);
}

export function addConjunction(tree: ConjunctionTree, conjunction: Conjunction): void {
  const [first] = conjunction.way;
  if (first !== undefined) wait(firstStep(tree, first), conjunction);
}

export function removeConjunction(tree: ConjunctionTree, conjunction: Conjunction): void {
  let { step } = conjunction;
  if (step === undefined) return;
  step.ends = withoutItem(step.ends, conjunction);
  step.waiting = withoutItem(step.waiting, conjunction);
  conjunction.step = undefined;
  while (step !== undefined && isEmpty(step)) {
    const { parent, requirement }: Step = step;
    if (parent === undefined) {
      requirement.start = undefined;
      const { residuals } = requirement.index;
      if (requirement.isResidual) residuals.splice(residuals.indexOf(requirement), 1);
      tree.withoutValue.delete(requirement);
    } else {
      parent.next?.delete(requirement);
      parent.residual?.delete(requirement);
    }
    step = parent;
  }
}

/** Reports the conjunctions whose requirements the event meets, leaving array elements aside. */
export function followConjunctions(run: Run, tree: ConjunctionTree, report: (conjunction: Conjunction) => void): void {
  for (let i = 0; i < run.metCount; i++) {
    const { start } = run.met[i] as Requirement;
    if (start !== undefined) follow(run, start, report);
  }
  for (let i = 0; i < run.seenCount; i++) {
    const { residuals } = run.seen[i] as ValueIndex;
    for (let j = 0; j < residuals.length; j++) followIfHeld(run, residuals[j] as Requirement, report);
  }
  if (tree.withoutValue.size === 0) return;
  for (const requirement of tree.withoutValue) {
    if (requirement.index.epoch !== run.epoch) followIfHeld(run, requirement, report);
  }
}

function followIfHeld(run: Run, requirement: Requirement, report: (conjunction: Conjunction) => void): void {
  if (requirement.start !== undefined && holds(run, requirement)) follow(run, requirement.start, report);
}

function follow(run: Run, step: Step, report: (conjunction: Conjunction) => void): void {
  const { ends, waiting, depth, next, residual } = step;
  for (let i = 0; i < ends.length; i++) report(ends[i] as Conjunction);
  for (let i = 0; i < waiting.length; i++) {
    const conjunction = waiting[i] as Conjunction;
    if (isRestHeld(run, conjunction, depth)) report(conjunction);
  }
  if (next !== undefined) {
    for (let i = 0; i < run.metCount; i++) {
      const one = next.get(run.met[i] as Requirement);
      if (one !== undefined) follow(run, one, report);
    }
  }
  if (residual !== undefined) {
    for (const one of residual.values()) if (holds(run, one.requirement)) follow(run, one, report);
  }
}

function isRestHeld(run: Run, { way }: Conjunction, from: number): boolean {
  for (let i = from; i < way.length; i++) if (!holds(run, way[i] as Requirement)) return false;
  return true;
}

function firstStep(tree: ConjunctionTree, requirement: Requirement): Step {
  if (requirement.start !== undefined) return requirement.start;
  if (requirement.isResidual) requirement.index.residuals.push(requirement);
  if (requirement.absent) tree.withoutValue.add(requirement);
  return (requirement.start = createStep(requirement, undefined));
}

/** Finds the step at or below this one where a conjunction waits. */
function wait(from: Step, conjunction: Conjunction): void {
  let step = from;
  while (step.isSpread && conjunction.way.length > step.depth) {
    step = nextStep(step, conjunction.way[step.depth] as Requirement);
  }
  conjunction.step = step;
  if (conjunction.way.length === step.depth) step.ends = withItem(step.ends, conjunction);
  else step.waiting = withItem(step.waiting, conjunction);
  if (step.waiting.length > mostWaiting) spread(step);
}

function spread(step: Step): void {
  const { waiting } = step;
  step.isSpread = true;
  step.waiting = none;
  for (const conjunction of waiting) wait(step, conjunction);
}

function nextStep(parent: Step, requirement: Requirement): Step {
  const steps = requirement.isResidual ? (parent.residual ??= new Map()) : (parent.next ??= new Map());
  let step = steps.get(requirement);
  if (step === undefined) {
    step = createStep(requirement, parent);
    steps.set(requirement, step);
  }
  return step;
}

function isEmpty({ ends, waiting, next, residual }: Step): boolean {
  return ends.length + waiting.length === 0 && (next?.size ?? 0) === 0 && (residual?.size ?? 0) === 0;
}

function createStep(requirement: Requirement, parent: Step | undefined): Step {
  return {
    requirement,
    parent,
    depth: parent === undefined ? 1 : parent.depth + 1,
    ends: none,
    waiting: none,
    isSpread: false,
    next: undefined,
    residual: undefined,
  };
}

const none: ShortList<Conjunction> = [];
