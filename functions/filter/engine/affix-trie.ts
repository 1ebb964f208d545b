import { endsIgnoringCase, startsIgnoringCase } from '../values/letter-case.ts';
import { type TestNode, isSpent, pass } from './requirement.ts';
import type { Run } from './run.ts';
import { type ShortList, withItem, withoutItem } from './short-list.ts';

/**
 * Prefixes, or suffixes read backwards, as a trie whose edges carry runs of units: the way along one value finds all
 * of them, however many there are.
 */
export interface AffixTrie {
  readonly isBackward: boolean;
  readonly root: AffixNode;
}

interface AffixNode {
  label: string;
  tests: ShortList<TestNode>;
  readonly children: Map<number, AffixNode>;
}

export function createAffixTrie(isBackward: boolean): AffixTrie {
  return { isBackward, root: affixNode('') };
}

export function addAffix({ root, isBackward }: AffixTrie, affix: string, test: TestNode): void {
  let rest = isBackward ? reversed(affix) : affix;
  let node = root;
  while (rest !== '') {
    const child = node.children.get(rest.charCodeAt(0));
    if (child === undefined) {
      const leaf = affixNode(rest);
      node.children.set(rest.charCodeAt(0), leaf);
      node = leaf;
      break;
    }
    const shared = sharedLength(child.label, rest);
    node = shared === child.label.length ? child : split(node, child, shared);
    rest = rest.slice(shared);
  }
  node.tests = withItem(node.tests, test);
}

export function removeAffix({ root, isBackward }: AffixTrie, affix: string, test: TestNode): void {
  const key = isBackward ? reversed(affix) : affix;
  const way = [root];
  for (let at = 0, node = root; at < key.length; at += node.label.length) {
    const child = node.children.get(key.charCodeAt(at));
    if (child === undefined) return;
    node = child;
    way.push(node);
  }
  const last = way.at(-1) ?? root;
  last.tests = withoutItem(last.tests, test);
  for (let i = way.length - 1; i > 0; i--) {
    const node = way[i] ?? root;
    if (node.tests.length > 0 || node.children.size > 0) return;
    way[i - 1]?.children.delete(node.label.charCodeAt(0));
  }
}

/** Reports every affix of `key`; for tests that ignore case `key` is the key of `value`, which then decides. */
export function findAffixes(
  run: Run,
  { root, isBackward }: AffixTrie,
  key: string,
  value: string,
  isAscii = true,
): void {
  const { length } = key;
  let node: AffixNode | undefined = root;
  let at = 0;
  for (;;) {
    const { tests, children }: AffixNode = node;
    for (let i = 0; i < tests.length; i++) report(run, tests[i] as TestNode, isBackward, value, isAscii);
    if (at >= length || children.size === 0) return;
    node = children.get(key.charCodeAt(isBackward ? length - 1 - at : at));
    if (node === undefined) return;
    const { label } = node;
    if (label.length > length - at) return;
    for (let i = 1; i < label.length; i++) {
      const place = at + i;
      if (label.charCodeAt(i) !== key.charCodeAt(isBackward ? length - 1 - place : place)) return;
    }
    at += label.length;
  }
}

function report(run: Run, test: TestNode, isBackward: boolean, value: string, isAscii: boolean): void {
  if (isSpent(run, test)) return;
  const { pattern } = test;
  if (pattern !== undefined && !(isAscii && test.isAscii)) {
    if (!(isBackward ? endsIgnoringCase : startsIgnoringCase)(value, pattern)) return;
  }
  pass(run, test);
}

/** Puts a node between a child and its parent, after so many units of the child's label. */
function split(parent: AffixNode, child: AffixNode, at: number): AffixNode {
  const middle = affixNode(child.label.slice(0, at));
  parent.children.set(middle.label.charCodeAt(0), middle);
  child.label = child.label.slice(at);
  middle.children.set(child.label.charCodeAt(0), child);
  return middle;
}

function sharedLength(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}

function reversed(text: string): string {
  return text.split('').reverse().join('');
}

function affixNode(label: string): AffixNode {
  return { label, tests: noTests, children: new Map() };
}

const noTests: ShortList<TestNode> = [];
