import type { ValueTest } from '../condition.ts';
import { isAscii } from '../values/letter-case.ts';
import {
  type AddressIndex,
  addAddressTest,
  createAddressIndex,
  findAddressTests,
  removeAddressTest,
} from './address-index.ts';
import type { Element } from './element-tree.ts';
import { type ExactIndex, addExact, createExactIndex, findExact, removeExact } from './exact-index.ts';
import { type AffixTrie, addAffix, createAffixTrie, findAffixes, removeAffix } from './affix-trie.ts';
import { type CaseIndex, addCaseTest, createCaseIndex, findCaseTests, removeCaseTest } from './case-index.ts';
import {
  type NumberIndex,
  addNumberTest,
  createNumberIndex,
  findNumberTests,
  removeNumberTest,
} from './number-index.ts';
import { numberText } from './number-reading.ts';
import { type Requirement, type TestNode, isSpent, pass } from './requirement.ts';
import type { Run } from './run.ts';
import {
  type WildcardAutomaton,
  addWildcard,
  createWildcardAutomaton,
  findWildcards,
  removeWildcard,
} from './wildcard-automaton.ts';

/** Everything that rules ask of one field. A value finds the tests that it passes; the others are not looked at. */
export interface ValueIndex {
  readonly path: string;
  /** By test, to find what rules share; without the exact strings. */
  readonly tests: Map<string, TestNode>;
  /** Requirements of several tests, or of one that is asked afterwards, by their tests. */
  readonly requirements: Map<string, Requirement>;
  /** All requirements, those of one positive test too, which are found at its node. */
  requirementCount: number;
  /** Requirements that are asked afterwards and start a conjunction. */
  readonly residuals: Requirement[];
  readonly exact: ExactIndex;
  readonly literals: Map<boolean | null, TestNode>;
  /** These are there only where a rule needs them. */
  prefixes: AffixTrie | undefined;
  suffixes: AffixTrie | undefined;
  cases: CaseIndex | undefined;
  wildcards: WildcardAutomaton | undefined;
  addresses: AddressIndex | undefined;
  numbers: NumberIndex | undefined;
  /** The event in which a value was last seen, and how many there were, in all and outside of array elements. */
  epoch: number;
  values: number;
  plainValues: number;
  /** Conjunctions in which array elements can make this field contradict another one. */
  elementUses: number;
  /** The scalars of the event at hand, where `elementUses` asks for them. */
  log: LoggedValue[];
}

export interface LoggedValue {
  readonly kind: 'string' | 'number' | 'literal';
  readonly value: string | boolean | null;
  readonly element: Element | undefined;
}

export function createValueIndex(path: string): ValueIndex {
  return {
    path,
    tests: new Map(),
    requirements: new Map(),
    requirementCount: 0,
    residuals: [],
    exact: createExactIndex(),
    literals: new Map(),
    prefixes: undefined,
    suffixes: undefined,
    cases: undefined,
    wildcards: undefined,
    addresses: undefined,
    numbers: undefined,
    epoch: 0,
    values: 0,
    plainValues: 0,
    elementUses: 0,
    log: [],
  };
}

export function seeString(run: Run, index: ValueIndex, value: string): void {
  see(run, index);
  if (index.elementUses > 0) log(run, index, 'string', value);
  const equal = findExact(index.exact, value);
  if (equal !== undefined) pass(run, equal);
  if (index.prefixes !== undefined) findAffixes(run, index.prefixes, value, value);
  if (index.suffixes !== undefined) findAffixes(run, index.suffixes, value, value);
  if (index.cases !== undefined) findCaseTests(run, index.cases, value);
  if (index.wildcards !== undefined) findWildcards(run, index.wildcards, value);
  if (index.addresses !== undefined) findAddressTests(run, index.addresses, value);
}

/** The number is `run.number`. */
export function seeNumber(run: Run, index: ValueIndex): void {
  see(run, index);
  if (index.elementUses > 0) log(run, index, 'number', numberText(run.number));
  if (index.numbers !== undefined) findNumberTests(run, index.numbers);
}

export function seeLiteral(run: Run, index: ValueIndex, value: boolean | null): void {
  see(run, index);
  if (index.elementUses > 0) log(run, index, 'literal', value);
  const equal = index.literals.size > 0 ? index.literals.get(value) : undefined;
  if (equal !== undefined && !isSpent(run, equal)) pass(run, equal);
}

/** Finds or makes the node of a test that a value can pass by itself. */
export function useTest(index: ValueIndex, test: ValueTest): TestNode {
  let node = isExact(test) ? index.exact.nodes.get(test.value) : index.tests.get(JSON.stringify(test));
  if (node === undefined) {
    node = testNode(test);
    if (!isExact(test)) index.tests.set(JSON.stringify(test), node);
    plug(index, node);
  }
  node.uses++;
  return node;
}

export function releaseTest(index: ValueIndex, node: TestNode): void {
  if (--node.uses > 0) return;
  if (!isExact(node.test)) index.tests.delete(JSON.stringify(node.test));
  unplug(index, node);
}

/** Strings to equal are found in their own index and need no key. */
function isExact(test: ValueTest): test is { op: 'equals'; value: string } {
  return test.op === 'equals' && typeof test.value === 'string';
}

function see(run: Run, index: ValueIndex): void {
  if (index.epoch !== run.epoch) {
    index.epoch = run.epoch;
    index.values = 0;
    index.plainValues = 0;
    if (index.log.length > 0) index.log = [];
    run.seen[run.seenCount++] = index;
  }
  run.value++;
  index.values++;
  if (run.isPlain) index.plainValues++;
  else run.hasElements = true;
}

function log(run: Run, index: ValueIndex, kind: LoggedValue['kind'], value: string | boolean | null): void {
  index.log.push({ kind, value, element: run.element });
}

const none: readonly never[] = [];

function plug(index: ValueIndex, node: TestNode): void {
  const { test } = node;
  switch (test.op) {
    case 'equals':
      if (typeof test.value === 'string') addExact(index.exact, test.value, node);
      else index.literals.set(test.value, node);
      break;
    case 'prefix':
      addAffix((index.prefixes ??= createAffixTrie(false)), test.value, node);
      break;
    case 'suffix':
      addAffix((index.suffixes ??= createAffixTrie(true)), test.value, node);
      break;
    case 'wildcard':
      addWildcard((index.wildcards ??= createWildcardAutomaton()), test.value, node);
      break;
    case 'equals-ignore-case':
    case 'prefix-ignore-case':
    case 'suffix-ignore-case':
      addCaseTest((index.cases ??= createCaseIndex()), test.op, test.value, node);
      break;
    case 'number':
    case 'range':
      addNumberTest((index.numbers ??= createNumberIndex()), node);
      break;
    case 'address':
      addAddressTest((index.addresses ??= createAddressIndex()), node);
      break;
    default:
      throw new Error(`${test.op} is not a test of one value`);
  }
}

function unplug(index: ValueIndex, node: TestNode): void {
  const { test } = node;
  switch (test.op) {
    case 'equals':
      if (typeof test.value === 'string') removeExact(index.exact, test.value);
      else index.literals.delete(test.value);
      break;
    case 'prefix':
      if (index.prefixes !== undefined) removeAffix(index.prefixes, test.value, node);
      break;
    case 'suffix':
      if (index.suffixes !== undefined) removeAffix(index.suffixes, test.value, node);
      break;
    case 'wildcard':
      if (index.wildcards !== undefined) removeWildcard(index.wildcards, test.value, node);
      if (index.wildcards?.size === 0) index.wildcards = undefined;
      break;
    case 'equals-ignore-case':
    case 'prefix-ignore-case':
    case 'suffix-ignore-case':
      if (index.cases !== undefined) removeCaseTest(index.cases, test.op, test.value, node);
      if (index.cases?.size === 0) index.cases = undefined;
      break;
    case 'number':
    case 'range':
      if (index.numbers !== undefined) removeNumberTest(index.numbers, node);
      if (index.numbers?.size === 0) index.numbers = undefined;
      break;
    case 'address':
      if (index.addresses !== undefined) removeAddressTest(index.addresses, node);
      break;
    default:
  }
}

function testNode(test: ValueTest): TestNode {
  const ignoresCase =
    test.op === 'equals-ignore-case' || test.op === 'prefix-ignore-case' || test.op === 'suffix-ignore-case';
  const pattern = ignoresCase ? test.value : undefined;
  return {
    alone: undefined,
    requirements: none,
    exclusions: none,
    test,
    pattern,
    isAscii: isAscii(pattern ?? ''),
    uses: 0,
  };
}
