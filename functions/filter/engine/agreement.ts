import { type FieldChoice, canAgree, choiceOf } from '../conjunction.ts';
import type { FieldValue } from '../field-values.ts';
import type { Conjunction } from './conjunction-tree.ts';
import { type Requirement, holdsByValue, holdsPlainly } from './requirement.ts';
import type { Run } from './run.ts';
import type { LoggedValue } from './value-index.ts';

/**
 * Whether a conjunction whose requirements hold one by one holds as a whole, with values from array elements at hand.
 * Nearly always a look at what holds without any elements is enough; the rest is joined element by element.
 */
export function agrees(run: Run, { way, related }: Conjunction): boolean {
  let bound = 0;
  let isJoined = false;
  for (const requirement of way) {
    if (holdsPlainly(run, requirement)) continue;
    const isByValue = holdsByValue(run, requirement);
    if (related.includes(requirement)) {
      bound++;
      isJoined ||= !isByValue;
    } else if (!isByValue) {
      // Absent only among some elements, and no other field says which.
      return false;
    }
  }
  if (bound < 2 && !isJoined) return true;
  return canAgree(related.map((requirement) => choices(run, requirement)));
}

function choices(run: Run, requirement: Requirement): FieldChoice {
  const { any, isResidual, index, metEpoch, metPlainly, metElements } = requirement;
  if (isResidual) return choiceOf(any, index.epoch === run.epoch ? index.log.map(fieldValue) : []);
  if (metEpoch !== run.epoch) return { passing: [], present: undefined };
  return { passing: metPlainly ? [[], ...metElements] : metElements, present: undefined };
}

function fieldValue({ kind, value, elements }: LoggedValue): FieldValue {
  if (kind === 'number') return { value: { kind, text: String(value) }, elements };
  if (kind === 'string') return { value: { kind, value: String(value) }, elements };
  return { value: { kind, value: typeof value === 'string' ? null : value }, elements };
}
