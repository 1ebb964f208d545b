import { numberText } from './exact-numbers.ts';
import { readJsonText } from './json-text.ts';
import type { PathTree } from './path-tree.ts';

/** What becomes of a value; `undefined` removes it. */
export type Treatment = (value: unknown) => unknown;

/**
 * Treats every value that a path leads to, in place, and answers the paths that led to one. Each value is treated once,
 * as it came: what lies inside of one, and what was made of it, is not looked into. A text that is itself a JSON object
 * or array is searched like one, and written anew. A removed element of an array leaves null, so that the others keep
 * their place.
 */
export function rewrite(object: object, tree: PathTree, treat: Treatment): ReadonlySet<string> {
  const work: Work = { treat, touched: new Set(), changes: 0 };
  visit(object, new Set([tree]), work);
  return work.touched;
}

interface Work {
  readonly treat: Treatment;
  readonly touched: Set<string>;
  /** Values treated and texts written anew. */
  changes: number;
}

/** Paths of one tree meet at a value by several ways: a set, so that they do not multiply. */
type Nodes = ReadonlySet<PathTree>;

/** @param arrived the nodes that the way to this value leads to */
function visit(value: unknown, arrived: Nodes, work: Work): unknown {
  const isSearched = typeof value === 'string' && !isEnd(arrived) && leadsOn(arrived);
  const text = isSearched ? readJsonText(value) : undefined;
  const searched = text?.value ?? value;
  const nodes = new Set<PathTree>();
  for (const node of arrived) addHere(nodes, node, Array.isArray(searched));
  if (isEnd(nodes)) {
    for (const { ends } of nodes) for (const path of ends) work.touched.add(path);
    work.changes += 1;
    return work.treat(value);
  }
  const before = work.changes;
  if (typeof searched === 'object' && searched !== null && numberText(searched) === undefined) {
    visitInside(searched, nodes, work);
  }
  if (!text || (work.changes === before && !text.duplicateKeys)) return value;
  // Also for the text that this one stands in.
  work.changes += 1;
  return JSON.stringify(text.value);
}

/** Adds a node, and those that it leads to without a step down. */
function addHere(nodes: Set<PathTree>, node: PathTree, isArray: boolean): void {
  nodes.add(node);
  if (node.anyDepth) addHere(nodes, node.anyDepth, isArray);
  // At any depth every value would be an only element.
  if (isArray || node.isAnyDepth) return;
  if (node.elements) addHere(nodes, node.elements, false);
  const first = node.indexes.get(0);
  if (first) addHere(nodes, first, false);
}

function visitInside(holder: object, nodes: Nodes, work: Work): void {
  if (Array.isArray(holder)) {
    for (const [index, item] of holder.entries()) {
      const next = nextOfElement(nodes, index);
      if (next.size > 0) holder[index] = visit(item, next, work) ?? null;
    }
    return;
  }
  const members = holder as Record<string, unknown>;
  for (const key of keysToVisit(members, nodes)) {
    const next = nextOfMember(nodes, key);
    if (next.size === 0) continue;
    const value = visit(members[key], next, work);
    if (value === undefined) Reflect.deleteProperty(members, key);
    else members[key] = value;
  }
}

/** Only what the object itself has, never what it inherits. */
function keysToVisit(holder: object, nodes: Nodes): string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    if (node.each || node.isAnyDepth) return Object.keys(holder);
    for (const name of node.names.keys()) names.add(name);
  }
  return Array.from(names).filter((name) => Object.hasOwn(holder, name));
}

function nextOfMember(nodes: Nodes, key: string): Nodes {
  const next = new Set<PathTree>();
  for (const node of nodes) {
    const named = node.names.get(key);
    if (named) next.add(named);
    if (node.each) next.add(node.each);
    if (node.isAnyDepth) next.add(node);
  }
  return next;
}

function nextOfElement(nodes: Nodes, index: number): Nodes {
  const next = new Set<PathTree>();
  for (const node of nodes) {
    const indexed = node.indexes.get(index);
    if (indexed) next.add(indexed);
    if (node.elements) next.add(node.elements);
    if (node.each) next.add(node.each);
    if (node.isAnyDepth) next.add(node);
    else if (node.names.size > 0) next.add(node.throughArray);
  }
  return next;
}

function isEnd(nodes: Nodes): boolean {
  for (const { ends } of nodes) if (ends.length > 0) return true;
  return false;
}

function leadsOn(nodes: Nodes): boolean {
  for (const node of nodes) {
    if (node.names.size > 0 || node.indexes.size > 0 || node.elements || node.each || node.anyDepth) return true;
  }
  return false;
}
