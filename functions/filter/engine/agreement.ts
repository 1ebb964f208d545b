import type { ValueTest } from '../condition.ts';
import { type FieldChoice, canAgree, spend } from '../conjunction.ts';
import type { JsonScalar } from '../json-node.ts';
import { passes } from '../value-test.ts';
import type { Conjunction } from './conjunction-tree.ts';
import { type Element, canChoose, mostFields, pairsOf } from './element-tree.ts';
import { type Requirement, holdsByValue, holdsPlainly } from './requirement.ts';
import type { Run } from './run.ts';
import type { LoggedValue } from './value-index.ts';

/**
 * Whether a conjunction whose requirements hold one by one holds as a whole, with values from array elements at hand.
 * Nearly always a look at what holds without any elements is enough; the rest is decided element by element.
 */
export function agrees(run: Run, { way, related }: Conjunction): boolean {
  const bound: Requirement[] = [];
  let mayBeAbsent = false;
  for (const requirement of way) {
    if (holdsPlainly(run, requirement)) continue;
    if (related.includes(requirement)) {
      bound.push(requirement);
      mayBeAbsent ||= requirement.absent;
    } else if (!holdsByValue(run, requirement)) {
      // Absent only among some elements, and no other field says which.
      return false;
    }
  }
  if (bound.length < 2 && !mayBeAbsent) return true;
  spendOn(run, related);
  // Whether a field is absent depends on the elements that the fields before it have settled on, so all are joined.
  if (mayBeAbsent || bound.length > mostFields) return join(run, related);
  const elements = bound.map((requirement) => passingElements(run, requirement));
  return canChoose(elements, ++run.questions) ?? join(run, related);
}

/** What an earlier event left behind is not looked at. */
function spendOn(run: Run, related: readonly Requirement[]): void {
  for (const { index, metEpoch, metElements } of related) {
    if (index.epoch === run.epoch) spend(run, index.log.length);
    if (metEpoch === run.epoch) spend(run, metElements.length);
  }
}

function join(run: Run, related: readonly Requirement[]): boolean {
  return canAgree(
    related.map((requirement) => choiceOf(run, requirement)),
    run,
  );
}

function passingElements(
  run: Run,
  { any, isResidual, index, metEpoch, metElements }: Requirement,
): readonly (Element | undefined)[] {
  if (!isResidual) return metEpoch === run.epoch ? metElements : [];
  if (index.epoch !== run.epoch) return [];
  return index.log.filter((logged) => passesAny(any, logged)).map(({ element }) => element);
}

function choiceOf(run: Run, requirement: Requirement): FieldChoice {
  const { absent, index } = requirement;
  const present = index.epoch === run.epoch ? index.log.map(({ element }) => pairsOf(element)) : [];
  return { passing: passingElements(run, requirement).map(pairsOf), present: absent ? present : undefined };
}

function passesAny(any: readonly ValueTest[], logged: LoggedValue): boolean {
  const scalar = scalarOf(logged);
  return any.some((test) => passes(test, scalar));
}

function scalarOf({ kind, value }: LoggedValue): JsonScalar {
  if (kind === 'number') return { kind, text: String(value) };
  if (kind === 'string') return { kind, value: String(value) };
  return { kind, value: typeof value === 'string' ? null : value };
}
