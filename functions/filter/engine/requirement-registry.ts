import type { AnythingButTest, FieldTest, ValueTest } from '../condition.ts';
import { type Exclusion, type Requirement, type TestNode, noElements } from './requirement.ts';
import { withItem, withoutItem } from './short-list.ts';
import { releaseTest, useTest } from './test-registry.ts';
import type { ValueIndex } from './value-index.ts';

/** Finds or makes the requirement for one field of a conjunction; `nextId` numbers the new ones. */
export function useRequirement(index: ValueIndex, { any }: FieldTest, nextId: () => number): Requirement {
  const requirement = any.length === 1 ? useSingle(index, any, nextId) : useKeyed(index, any, nextId);
  requirement.uses++;
  return requirement;
}

export function releaseRequirement(requirement: Requirement): void {
  if (--requirement.uses > 0) return;
  const { index, key, tests, exclusions } = requirement;
  index.requirementCount--;
  if (key !== undefined) index.requirements.delete(key);
  for (const test of tests) {
    if (test.alone === requirement) test.alone = undefined;
    test.requirements = withoutItem(test.requirements, requirement);
    releaseTest(index, test);
  }
  for (const exclusion of exclusions) {
    for (const test of exclusion.tests) {
      test.exclusions = withoutItem(test.exclusions, exclusion);
      releaseTest(index, test);
    }
  }
}

/** One positive test: by far the most frequent requirement, so it needs no key. */
function useSingle(index: ValueIndex, any: readonly ValueTest[], nextId: () => number): Requirement {
  const test = any[0] as ValueTest;
  if (isAskedAfterwards(test)) return useKeyed(index, any, nextId);
  const node = useTest(index, test);
  if (node.alone !== undefined) {
    releaseTest(index, node);
    return node.alone;
  }
  return (node.alone = createRequirement(index, any, [node], [], undefined, nextId()));
}

function useKeyed(index: ValueIndex, any: readonly ValueTest[], nextId: () => number): Requirement {
  const key = requirementKey(any);
  const known = index.requirements.get(key);
  if (known !== undefined) return known;
  const tests: TestNode[] = [];
  const exclusions: Exclusion[] = [];
  for (const test of any) {
    if (test.op === 'anything-but') exclusions.push(createExclusion(index, test.of));
    else if (!isAskedAfterwards(test)) tests.push(useTest(index, test));
  }
  const requirement = createRequirement(index, any, tests, exclusions, key, nextId());
  index.requirements.set(key, requirement);
  return requirement;
}

function isAskedAfterwards({ op }: ValueTest): boolean {
  return op === 'anything-but' || op === 'exists' || op === 'absent';
}

/** Counts the conjunctions (`by` 1 or -1) for which the array elements of the field's values have to be kept. */
export function relateElements(requirement: Requirement, by: number): void {
  requirement.elementUses += by;
  if (requirement.isResidual) requirement.index.elementUses += by;
}

function createRequirement(
  index: ValueIndex,
  any: readonly ValueTest[],
  tests: readonly TestNode[],
  exclusions: readonly Exclusion[],
  key: string | undefined,
  id: number,
): Requirement {
  const exists = any.some(({ op }) => op === 'exists');
  const absent = any.some(({ op }) => op === 'absent');
  const requirement: Requirement = {
    metEpoch: 0,
    metPlainly: false,
    isResidual: any.some(isAskedAfterwards),
    elementUses: 0,
    start: undefined,
    metElements: noElements,
    id,
    key,
    index,
    tests,
    exclusions,
    exists,
    absent,
    any,
    rank: any.reduce((highest, { op }) => Math.max(highest, ranks[op]), 0),
    uses: 0,
  };
  if (key !== undefined) {
    for (const test of tests) test.requirements = withItem(test.requirements, requirement);
  }
  index.requirementCount++;
  return requirement;
}

function createExclusion(index: ValueIndex, of: readonly AnythingButTest[]): Exclusion {
  const tests = of.map((test) => useTest(index, test));
  const exclusion: Exclusion = { tests, epoch: 0, lastValue: 0, excluded: 0, excludedPlain: 0 };
  for (const test of tests) test.exclusions = withItem(test.exclusions, exclusion);
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
  return [...new Set(any.map((test) => JSON.stringify(test)))].sort().join();
}
