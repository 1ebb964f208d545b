import type { ValueTest } from '../condition.ts';
import { isAscii } from '../values/letter-case.ts';
import { addAddressTest, createAddressIndex, removeAddressTest } from './address-index.ts';
import { addAffix, createAffixTrie, removeAffix } from './affix-trie.ts';
import { addCaseTest, createCaseIndex, removeCaseTest } from './case-index.ts';
import { addExact, removeExact } from './exact-index.ts';
import { addNumberTest, createNumberIndex, removeNumberTest } from './number-index.ts';
import type { TestNode } from './requirement.ts';
import { marksOf } from './string-mark.ts';
import type { ValueIndex } from './value-index.ts';
import { addWildcard, createWildcardAutomaton, removeWildcard } from './wildcard-automaton.ts';

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

const none: readonly never[] = [];

function plug(index: ValueIndex, node: TestNode): void {
  const { test } = node;
  index.marks |= marksOf(test);
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
