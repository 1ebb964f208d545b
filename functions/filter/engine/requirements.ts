import type { AnythingButTest, FieldTest, ValueTest } from '../condition.ts';
import type { Exclusion, Requirement, TestNode } from './requirement.ts';
import { type ValueIndex, releaseTest, useTest } from './value-index.ts';

/** Finds or makes the requirement for one field of a conjunction; `nextId` numbers the new ones. */
export function useRequirement(index: ValueIndex, { any }: FieldTest, nextId: () => number): Requirement {
  const key = requirementKey(any);
  let requirement = index.requirements.get(key);
  if (requirement === undefined) {
    requirement = createRequirement(index, any, key, nextId());
    index.requirements.set(key, requirement);
  }
  requirement.uses++;
  return requirement;
}

export function releaseRequirement(requirement: Requirement): void {
  if (--requirement.uses > 0) return;
  const { index } = requirement;
  index.requirements.delete(requirement.key);
  for (const test of requirement.tests) {
    drop(test.requirements, requirement);
    releaseTest(index, test);
  }
  for (const exclusion of requirement.exclusions) {
    for (const test of exclusion.tests) {
      drop(test.exclusions, exclusion);
      releaseTest(index, test);
    }
  }
}

/** Counts the conjunctions (`by` 1 or -1) for which the array elements of the field's values have to be kept. */
export function relateElements(requirement: Requirement, by: number): void {
  requirement.elementUses += by;
  if (requirement.isResidual) requirement.index.elementUses += by;
}

function createRequirement(index: ValueIndex, any: readonly ValueTest[], key: string, id: number): Requirement {
  const tests: TestNode[] = [];
  const exclusions: Exclusion[] = [];
  for (const test of any) {
    if (test.op === 'anything-but') exclusions.push(createExclusion(index, test.of));
    else if (test.op !== 'exists' && test.op !== 'absent') tests.push(useTest(index, test));
  }
  const exists = any.some(({ op }) => op === 'exists');
  const absent = any.some(({ op }) => op === 'absent');
  const requirement: Requirement = {
    id,
    key,
    index,
    tests,
    exclusions,
    exists,
    absent,
    any,
    isResidual: exists || absent || exclusions.length > 0,
    rank: Math.max(0, ...any.map(({ op }) => ranks[op])),
    start: undefined,
    uses: 0,
    elementUses: 0,
    metEpoch: 0,
    metPlainly: false,
    metElements: [],
  };
  for (const test of tests) test.requirements.push(requirement);
  return requirement;
}

function createExclusion(index: ValueIndex, of: readonly AnythingButTest[]): Exclusion {
  const tests = of.map((test) => useTest(index, test));
  const exclusion: Exclusion = { tests, epoch: 0, lastValue: 0, excluded: 0, excludedPlain: 0 };
  for (const test of tests) test.exclusions.push(exclusion);
  return exclusion;
}

/** How little a test lets through, roughly: what comes first on a conjunction's way should be met seldom. */
const ranks: Record<ValueTest['op'], number> = {
  equals: 0,
  number: 0,
  address: 1,
  'equals-ignore-case': 1,
  wildcard: 2,
  suffix: 2,
  prefix: 2,
  'suffix-ignore-case': 2,
  'prefix-ignore-case': 2,
  range: 3,
  'anything-but': 4,
  exists: 5,
  absent: 6,
};

/** Lists that differ in order or repetition are one. */
function requirementKey(any: readonly ValueTest[]): string {
  const [only] = any;
  if (any.length === 1) return JSON.stringify(only);
  return [...new Set(any.map((test) => JSON.stringify(test)))].sort().join();
}

function drop<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
