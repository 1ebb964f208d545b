import { type Requirement, holds } from './requirement.ts';
import type { Run } from './run.ts';
import { type ShortList, withItem, withoutItem } from './short-list.ts';
import type { ValueIndex } from './value-index.ts';

/** Requirements that are met together, and what that means: a rule matches, or one part of a larger rule does. */
export interface Conjunction {
  readonly requirements: readonly Requirement[];
  /** Those of fields below the same top member: array elements can set them against each other. */
  readonly related: readonly Requirement[];
  readonly goal: Goal;
  readonly mayBeAbsent: boolean;
  /** Where its way ends. */
  end: Step | undefined;
}

export interface Goal {
  /** The event in which it was reached. */
  epoch: number;
  /** For a part of a rule: the rules to ask when it was reached. */
  readonly wakes: Goal[] | undefined;
}

/**
 * One requirement on the way of conjunctions through a tree. Ways start with what is met most seldom: the kind of test
 * first, then how many rules ask it already. Conjunctions share the steps they begin with. What an event meets is
 * followed from every requirement that starts a way; what lies behind an unmet one is never looked at.
 */
export interface Step {
  readonly requirement: Requirement;
  readonly parent: Step | undefined;
  ends: ShortList<Conjunction>;
  /** The next steps that values meet; a map instead once there are many. */
  next: ShortList<Step>;
  many: Map<Requirement, Step> | undefined;
  /** The next steps that are asked afterwards. */
  residual: Map<Requirement, Step> | undefined;
}

/** From so many next steps on, those that were met are looked up instead of asking each step. */
const manySteps = 8;

export interface ConjunctionTree {
  /** Requirements that can hold without any value and start a way. */
  readonly withoutValue: Set<Requirement>;
}

export function addConjunction(tree: ConjunctionTree, conjunction: Conjunction): void {
  const way = [...conjunction.requirements].sort((a, b) => a.rank - b.rank || a.uses - b.uses || a.id - b.id);
  let step: Step | undefined;
  for (const requirement of way) step = step === undefined ? firstStep(tree, requirement) : nextStep(step, requirement);
  if (step === undefined) return;
  step.ends = withItem(step.ends, conjunction);
  conjunction.end = step;
}

export function removeConjunction(tree: ConjunctionTree, conjunction: Conjunction): void {
  let step = conjunction.end;
  if (step === undefined) return;
  step.ends = withoutItem(step.ends, conjunction);
  conjunction.end = undefined;
  while (step !== undefined && isEmpty(step)) {
    const { parent, requirement }: Step = step;
    if (parent === undefined) {
      requirement.start = undefined;
      const { residuals } = requirement.index;
      if (requirement.isResidual) residuals.splice(residuals.indexOf(requirement), 1);
      tree.withoutValue.delete(requirement);
    } else {
      detach(parent, step);
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
  const { ends, next, many, residual } = step;
  for (let i = 0; i < ends.length; i++) report(ends[i] as Conjunction);
  for (let i = 0; i < next.length; i++) {
    const one = next[i] as Step;
    if (one.requirement.metEpoch === run.epoch) follow(run, one, report);
  }
  if (many !== undefined) {
    for (let i = 0; i < run.metCount; i++) {
      const one = many.get(run.met[i] as Requirement);
      if (one !== undefined) follow(run, one, report);
    }
  }
  if (residual !== undefined) {
    for (const one of residual.values()) if (holds(run, one.requirement)) follow(run, one, report);
  }
}

function firstStep(tree: ConjunctionTree, requirement: Requirement): Step {
  if (requirement.start !== undefined) return requirement.start;
  if (requirement.isResidual) requirement.index.residuals.push(requirement);
  if (requirement.absent) tree.withoutValue.add(requirement);
  return (requirement.start = createStep(requirement, undefined));
}

function nextStep(step: Step, requirement: Requirement): Step {
  const known = step.many?.get(requirement) ?? step.residual?.get(requirement);
  return known ?? step.next.find((one) => one.requirement === requirement) ?? attach(step, requirement);
}

function attach(parent: Step, requirement: Requirement): Step {
  const step = createStep(requirement, parent);
  if (requirement.isResidual) {
    parent.residual ??= new Map();
    parent.residual.set(requirement, step);
  } else if (parent.many !== undefined) {
    parent.many.set(requirement, step);
  } else {
    parent.next = withItem(parent.next, step);
    if (parent.next.length > manySteps) {
      parent.many = new Map(parent.next.map((one) => [one.requirement, one]));
      parent.next = noSteps;
    }
  }
  return step;
}

function detach(parent: Step, step: Step): void {
  const { requirement } = step;
  parent.next = withoutItem(parent.next, step);
  parent.many?.delete(requirement);
  parent.residual?.delete(requirement);
}

function isEmpty({ ends, next, many, residual }: Step): boolean {
  return ends.length === 0 && next.length === 0 && (many?.size ?? 0) === 0 && (residual?.size ?? 0) === 0;
}

function createStep(requirement: Requirement, parent: Step | undefined): Step {
  return { requirement, parent, ends: noEnds, next: noSteps, many: undefined, residual: undefined };
}

const noEnds: ShortList<Conjunction> = [];
const noSteps: ShortList<Step> = [];
