import type { ValueTest } from '../condition.ts';
import type { Step } from './conjunction-tree.ts';
import type { ShortList } from './short-list.ts';
import type { Element } from './element-tree.ts';
import type { Run } from './run.ts';
import type { ValueIndex } from './value-index.ts';

/** One test of one field, shared by all rules that ask it. */
export interface TestNode {
  /** What a value that passes meets: the requirement that has this test and no other, and those with others. */
  alone: Requirement | undefined;
  requirements: ShortList<Requirement>;
  /** What such a value fails. */
  exclusions: ShortList<Exclusion>;
  readonly test: ValueTest;
  /** The test ignores case and is found by a key that more than its matches have. */
  readonly pattern: string | undefined;
  readonly isAscii: boolean;
  uses: number;
}

/**
 * One field of a conjunction: at least one of its tests passes. Positive tests report it as met when a value arrives;
 * `anything-but`, `exists` and `absent` say nothing of a value alone and are asked afterwards (`holds`), so that a
 * thousand of them cost nothing on an event that does not have the rest of their rules.
 */
export interface Requirement {
  // What a value touches comes first: it shares a line of the processor's cache.
  metEpoch: number;
  /** Met by a value outside of array elements: compatible with everything. */
  metPlainly: boolean;
  /** Asked afterwards. */
  readonly isResidual: boolean;
  /** Conjunctions in which array elements can make this requirement contradict another one. */
  elementUses: number;
  /** The conjunctions that start with this requirement. */
  start: Step | undefined;
  /** The elements of the values that met it, where `elementUses` asks for them. */
  metElements: (Element | undefined)[];
  readonly id: number;
  /** Where it is found in the index; `undefined` at the node of its one test. */
  readonly key: string | undefined;
  readonly index: ValueIndex;
  readonly tests: readonly TestNode[];
  readonly exclusions: readonly Exclusion[];
  readonly exists: boolean;
  readonly absent: boolean;
  readonly any: readonly ValueTest[];
  /** Selective requirements come first in a conjunction's path. */
  readonly rank: number;
  uses: number;
}

/** One `anything-but`: it holds where the field has more values than were excluded. */
export interface Exclusion {
  readonly tests: readonly TestNode[];
  epoch: number;
  lastValue: number;
  excluded: number;
  excludedPlain: number;
}

/** A value passed the test. */
export function pass(run: Run, node: TestNode): void {
  const { alone, requirements, exclusions } = node;
  if (alone !== undefined) meet(run, alone);
  for (let i = 0; i < exclusions.length; i++) exclude(run, exclusions[i] as Exclusion);
  for (let i = 0; i < requirements.length; i++) meet(run, requirements[i] as Requirement);
}

/** Whether a further pass of this test would tell nothing new in this event. */
export function isSpent(run: Run, { alone, requirements, exclusions }: TestNode): boolean {
  if (exclusions.length > 0 || (alone !== undefined && !isSettled(run, alone))) return false;
  for (let i = 0; i < requirements.length; i++) if (!isSettled(run, requirements[i] as Requirement)) return false;
  return true;
}

function isSettled(run: Run, { metEpoch, metPlainly, elementUses }: Requirement): boolean {
  return metEpoch === run.epoch && elementUses === 0 && (metPlainly || !run.isPlain);
}

/** Whether the requirement can hold, if array elements are left aside. */
export function holds(run: Run, requirement: Requirement): boolean {
  if (requirement.metEpoch === run.epoch) return true;
  if (!requirement.isResidual) return false;
  const { index } = requirement;
  if (index.epoch !== run.epoch) return requirement.absent;
  return passesSome(run, requirement, false) || (requirement.absent && index.plainValues === 0);
}

/** Whether it holds by values outside of array elements, or by there being none. */
export function holdsPlainly(run: Run, requirement: Requirement): boolean {
  if (requirement.metEpoch === run.epoch && requirement.metPlainly) return true;
  if (!requirement.isResidual) return false;
  return requirement.index.epoch === run.epoch ? passesSome(run, requirement, true) : requirement.absent;
}

/** Whether some value meets it; `false` where only its absence among some elements could. */
export function holdsByValue(run: Run, requirement: Requirement): boolean {
  if (requirement.metEpoch === run.epoch) return true;
  return requirement.isResidual && requirement.index.epoch === run.epoch && passesSome(run, requirement, false);
}

function passesSome(run: Run, { index, exists, exclusions }: Requirement, plainly: boolean): boolean {
  const values = plainly ? index.plainValues : index.values;
  if (exists) return values > 0;
  for (let i = 0; i < exclusions.length; i++) {
    const { epoch, excluded, excludedPlain } = exclusions[i] as Exclusion;
    const failed = epoch !== run.epoch ? 0 : plainly ? excludedPlain : excluded;
    if (values > failed) return true;
  }
  return false;
}

function meet(run: Run, requirement: Requirement): void {
  if (requirement.metEpoch !== run.epoch) {
    requirement.metEpoch = run.epoch;
    requirement.metPlainly = run.isPlain;
    requirement.metElements = noElements;
    if (!requirement.isResidual) run.met[run.metCount++] = requirement;
  } else if (run.isPlain) {
    requirement.metPlainly = true;
  }
  if (requirement.elementUses > 0) {
    if (requirement.metElements === noElements) requirement.metElements = [];
    requirement.metElements.push(run.element);
  }
}

/** Stands for none, without an array of its own. */
export const noElements: (Element | undefined)[] = [];

function exclude(run: Run, exclusion: Exclusion): void {
  if (exclusion.epoch !== run.epoch) {
    exclusion.epoch = run.epoch;
    exclusion.excluded = 0;
    exclusion.excludedPlain = 0;
  } else if (exclusion.lastValue === run.value) {
    return;
  }
  exclusion.lastValue = run.value;
  exclusion.excluded++;
  if (run.isPlain) exclusion.excludedPlain++;
}
