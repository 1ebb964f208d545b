import { caseKey, equalsIgnoringAsciiCase, equalsIgnoringCase, isAscii } from '../values/letter-case.ts';
import { type AffixTrie, addAffix, createAffixTrie, findAffixes, removeAffix } from './affix-trie.ts';
import { type TestNode, pass } from './requirement.ts';
import type { Run } from './run.ts';
import { type ShortList, withItem, withoutItem } from './short-list.ts';

/**
 * The tests of a field that ignore case. They are found by a key that is the same for everything that could match
 * (`caseKey`); the test itself has the last word, as not everything with the same key does.
 */
export interface CaseIndex {
  readonly equal: Map<string, TestNode[]>;
  /** The same while they are few and all ASCII: comparing is then faster than making a key of the value. */
  few: ShortList<TestNode> | undefined;
  readonly prefixes: AffixTrie;
  readonly suffixes: AffixTrie;
  affixes: number;
  size: number;
}

export function createCaseIndex(): CaseIndex {
  return {
    equal: new Map(),
    few: [],
    prefixes: createAffixTrie(false),
    suffixes: createAffixTrie(true),
    affixes: 0,
    size: 0,
  };
}

export function addCaseTest(index: CaseIndex, op: string, pattern: string, node: TestNode): void {
  const key = caseKey(pattern);
  index.size++;
  if (op === 'equals-ignore-case') {
    const known = index.equal.get(key);
    if (known === undefined) index.equal.set(key, [node]);
    else known.push(node);
    const { few } = index;
    index.few = few !== undefined && few.length < mostCompared && node.isAscii ? withItem(few, node) : undefined;
    return;
  }
  index.affixes++;
  addAffix(op === 'prefix-ignore-case' ? index.prefixes : index.suffixes, key, node);
}

export function removeCaseTest(index: CaseIndex, op: string, pattern: string, node: TestNode): void {
  const key = caseKey(pattern);
  index.size--;
  if (op === 'equals-ignore-case') {
    index.few &&= withoutItem(index.few, node);
    const left = index.equal.get(key)?.filter((one) => one !== node) ?? [];
    if (left.length === 0) index.equal.delete(key);
    else index.equal.set(key, left);
    return;
  }
  index.affixes--;
  removeAffix(op === 'prefix-ignore-case' ? index.prefixes : index.suffixes, key, node);
}

export function findCaseTests(run: Run, index: CaseIndex, value: string): void {
  const { few, affixes } = index;
  if (few !== undefined) {
    for (let i = 0; i < few.length; i++) {
      const node = few[i] as TestNode;
      if (equalsIgnoringAsciiCase(value, node.pattern ?? '')) pass(run, node);
    }
    if (affixes === 0) return;
  }
  const isAsciiValue = isAscii(value);
  const key = isAsciiValue ? value.toLowerCase() : caseKey(value);
  const equal = few === undefined ? index.equal.get(key) : undefined;
  if (equal !== undefined) {
    for (let i = 0; i < equal.length; i++) {
      const node = equal[i] as TestNode;
      if ((isAsciiValue && node.isAscii) || equalsIgnoringCase(value, node.pattern ?? '')) pass(run, node);
    }
  }
  if (affixes === 0) return;
  findAffixes(run, index.prefixes, key, value, isAsciiValue);
  findAffixes(run, index.suffixes, key, value, isAsciiValue);
}

const mostCompared = 4;
