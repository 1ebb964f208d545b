import { caseKey, equalsIgnoringCase, isAscii } from '../values/letter-case.ts';
import { type AffixTrie, addAffix, createAffixTrie, findAffixes, removeAffix } from './affix-trie.ts';
import { type TestNode, pass } from './requirement.ts';
import type { Run } from './run.ts';

/**
 * The tests of a field that ignore case. They are found by a key that is the same for everything that could match
 * (`caseKey`); the test itself has the last word, as not everything with the same key does.
 */
export interface CaseIndex {
  readonly equal: Map<string, TestNode[]>;
  /** The lengths of the ASCII patterns among them, modulo 32, as bits; all bits once there are others. */
  equalLengths: number;
  readonly prefixes: AffixTrie;
  readonly suffixes: AffixTrie;
  affixes: number;
  size: number;
}

export function createCaseIndex(): CaseIndex {
  return {
    equal: new Map(),
    equalLengths: 0,
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
    index.equalLengths |= node.isAscii ? 1 << (pattern.length & 31) : -1;
    return;
  }
  index.affixes++;
  addAffix(op === 'prefix-ignore-case' ? index.prefixes : index.suffixes, key, node);
}

export function removeCaseTest(index: CaseIndex, op: string, pattern: string, node: TestNode): void {
  const key = caseKey(pattern);
  index.size--;
  if (op === 'equals-ignore-case') {
    const left = index.equal.get(key)?.filter((one) => one !== node) ?? [];
    if (left.length === 0) index.equal.delete(key);
    else index.equal.set(key, left);
    return;
  }
  index.affixes--;
  removeAffix(op === 'prefix-ignore-case' ? index.prefixes : index.suffixes, key, node);
}

export function findCaseTests(run: Run, index: CaseIndex, value: string): void {
  // Only an ASCII value of the same length matches an ASCII pattern.
  if (index.affixes === 0 && !((index.equalLengths >>> (value.length & 31)) & 1)) return;
  const isAsciiValue = isAscii(value);
  const key = isAsciiValue ? value.toLowerCase() : caseKey(value);
  const equal = index.equal.get(key);
  if (equal !== undefined) {
    for (let i = 0; i < equal.length; i++) {
      const node = equal[i] as TestNode;
      if ((isAsciiValue && node.isAscii) || equalsIgnoringCase(value, node.pattern ?? '')) pass(run, node);
    }
  }
  if (index.affixes === 0) return;
  findAffixes(run, index.prefixes, key, value, isAsciiValue);
  findAffixes(run, index.suffixes, key, value, isAsciiValue);
}
