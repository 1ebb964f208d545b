/**
 * Intervals of numbers, found by a number inside: a binary search tree over the lower ends, in which each node knows
 * the highest upper end below it. Its shape is that of a treap, so that adding and removing stay logarithmic.
 */
export interface IntervalTree<T> {
  root: IntervalNode<T> | undefined;
  added: number;
}

export interface Interval {
  readonly from: number;
  readonly to: number;
}

interface IntervalNode<T> extends Interval {
  readonly items: T[];
  readonly priority: number;
  highest: number;
  left: IntervalNode<T> | undefined;
  right: IntervalNode<T> | undefined;
}

export function createIntervalTree<T>(): IntervalTree<T> {
  return { root: undefined, added: 0 };
}

/** Adds an item; both ends are included. */
export function addInterval<T>(tree: IntervalTree<T>, interval: Interval, item: T): void {
  tree.root = insert(tree.root, interval, item, mixed(tree.added++));
}

export function removeInterval<T>(tree: IntervalTree<T>, interval: Interval, item: T): void {
  tree.root = without(tree.root, interval, item);
}

/** Calls `found` with every item whose interval has a number between `low` and `high`. */
export function findOverlapping<T, C>(
  node: IntervalNode<T> | undefined,
  low: number,
  high: number,
  found: (context: C, item: T) => void,
  context: C,
): void {
  for (let at = node; at !== undefined && low <= at.highest; at = at.right) {
    if (at.left !== undefined) findOverlapping(at.left, low, high, found, context);
    if (high < at.from) return;
    if (low <= at.to) for (let i = 0; i < at.items.length; i++) found(context, at.items[i] as T);
  }
}

function insert<T>(node: IntervalNode<T> | undefined, interval: Interval, item: T, priority: number): IntervalNode<T> {
  if (node === undefined) {
    const { from, to } = interval;
    return { from, to, items: [item], priority, highest: to, left: undefined, right: undefined };
  }
  const order = compare(interval, node);
  if (order === 0) {
    node.items.push(item);
    return node;
  }
  if (order < 0) node.left = insert(node.left, interval, item, priority);
  else node.right = insert(node.right, interval, item, priority);
  const child = order < 0 ? node.left : node.right;
  return updated(child !== undefined && child.priority > node.priority ? rotated(node, child) : node);
}

function without<T>(node: IntervalNode<T> | undefined, interval: Interval, item: T): IntervalNode<T> | undefined {
  if (node === undefined) return undefined;
  const order = compare(interval, node);
  if (order < 0) node.left = without(node.left, interval, item);
  if (order > 0) node.right = without(node.right, interval, item);
  if (order === 0) {
    const at = node.items.indexOf(item);
    if (at >= 0) node.items.splice(at, 1);
    if (node.items.length === 0) return joined(node.left, node.right);
  }
  return updated(node);
}

function joined<T>(left: IntervalNode<T> | undefined, right: IntervalNode<T> | undefined): IntervalNode<T> | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  if (left.priority > right.priority) {
    left.right = joined(left.right, right);
    return updated(left);
  }
  right.left = joined(left, right.left);
  return updated(right);
}

function rotated<T>(node: IntervalNode<T>, child: IntervalNode<T>): IntervalNode<T> {
  if (child === node.left) {
    node.left = child.right;
    child.right = node;
  } else {
    node.right = child.left;
    child.left = node;
  }
  updated(node);
  return child;
}

function updated<T>(node: IntervalNode<T>): IntervalNode<T> {
  node.highest = Math.max(node.to, node.left?.highest ?? -Infinity, node.right?.highest ?? -Infinity);
  return node;
}

function compare(a: Interval, b: Interval): number {
  if (a.from !== b.from) return a.from < b.from ? -1 : 1;
  if (a.to !== b.to) return a.to < b.to ? -1 : 1;
  return 0;
}

/** A well mixed integer of a counter (the finalizer of MurmurHash3): a treap wants priorities without order. */
function mixed(counter: number): number {
  let h = counter | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
