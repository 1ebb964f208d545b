import { type ValueIndex, createValueIndex } from './value-index.ts';

/**
 * The fields that some rule names, by member name. It guides the scan: what is not in it is skipped. Names of rules are
 * split at dots; a member of the event whose own name has a dot is found by `findDotted`.
 */
export interface FieldNode {
  readonly name: string;
  readonly parent: FieldNode | undefined;
  readonly children: Map<string, FieldNode>;
  /** The children by the length of their name, so that most other names are passed over without comparing. */
  readonly byLength: (FieldNode[] | undefined)[];
  /** Children that have children: a dotted name may lead through them. */
  readonly inner: FieldNode[];
  /** Passes over members that are none of the children; made when it is first needed. */
  others: RegExp | undefined;
  /** What was last found at the start of an object here, and behind this field in its object. */
  readonly first: Expectation;
  readonly following: Expectation;
  /** The name as most events write it: in quotes, with a colon. */
  readonly quoted: string;
  /** What rules ask of the scalars here. */
  index: ValueIndex | undefined;
  /** Predicates that read the value here. */
  readers: number;
  /** The event in which the value was last captured for them, and where it lies. */
  readEpoch: number;
  start: number;
  end: number;
  value: unknown;
  /** The event in which the scan last met this field. */
  epoch: number;
}

/**
 * Events of one kind have their members in one order: what came last time is tried first. It is a guess that costs
 * little where it is wrong and changes no result.
 */
export interface Expectation {
  /** How many members that no rule names come first. */
  others: number;
  /** The field that comes then. */
  field: FieldNode | undefined;
}

export function createFieldTrie(): FieldNode {
  return fieldNode('', undefined);
}

export function useField(root: FieldNode, path: string): FieldNode {
  let node = root;
  for (const name of path.split('.')) {
    let child = node.children.get(name);
    if (child === undefined) {
      child = fieldNode(name, node);
      node.children.set(name, child);
      if (name.length <= longestListed) (node.byLength[name.length] ??= []).push(child);
      if (node.children.size === 1) becomeInner(node);
      node.others = undefined;
    }
    node = child;
  }
  return node;
}

export function indexOf(node: FieldNode, path: string): ValueIndex {
  node.index ??= createValueIndex(path);
  return node.index;
}

/** Takes out a field that nothing asks for any more, and those above it that it was the reason for. */
export function pruneField(field: FieldNode): void {
  let node = field;
  while (node.parent !== undefined && !isWanted(node) && node.children.size === 0) {
    const { parent } = node;
    parent.children.delete(node.name);
    forgetOrder(parent);
    drop(parent.byLength[node.name.length], node);
    parent.others = undefined;
    if (parent.children.size === 0) drop(parent.parent?.inner, parent);
    node = parent;
  }
}

export function isWanted({ index, readers }: FieldNode): boolean {
  return index !== undefined || readers > 0;
}

/** The child that a member name leads to. `text` from `start` to `end` is the name, without escapes. */
export function findChild(node: FieldNode, text: string, start: number, end: number): FieldNode | undefined {
  const length = end - start;
  if (length > longestListed) {
    const found = node.children.get(text.slice(start, end));
    if (found !== undefined) return found;
  } else {
    const candidates = node.byLength[length];
    if (candidates !== undefined && candidates.length > manyCandidates) {
      const found = node.children.get(text.slice(start, end));
      if (found !== undefined) return found;
    } else if (candidates !== undefined) {
      for (let i = 0; i < candidates.length; i++) {
        const child = candidates[i] as FieldNode;
        if (isNamed(child.name, text, start)) return child;
      }
    }
  }
  return node.inner.length === 0 ? undefined : findDotted(node, text, start, end);
}

/** The field that a name with dots leads to: `a.b` is `b` inside `a`. */
function findDotted(node: FieldNode, text: string, start: number, end: number): FieldNode | undefined {
  if (node.inner.length > manyCandidates) {
    const dot = text.indexOf('.', start);
    if (dot < 0 || dot >= end) return undefined;
    const child = node.children.get(text.slice(start, dot));
    return child === undefined ? undefined : findChild(child, text, dot + 1, end);
  }
  for (let i = 0; i < node.inner.length; i++) {
    const child = node.inner[i] as FieldNode;
    const dot = start + child.name.length;
    if (dot < end && text.charCodeAt(dot) === 0x2e && isNamed(child.name, text, start)) {
      return findChild(child, text, dot + 1, end);
    }
  }
  return undefined;
}

function isNamed(name: string, text: string, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  return true;
}

/** From so many names of one length on they are looked up, instead of comparing each. */
const manyCandidates = 4;
/** Names up to this length are listed by it. */
const longestListed = 40;

/** A field that is gone must not be expected any more. */
function forgetOrder(node: FieldNode): void {
  node.first.field = undefined;
  for (const child of node.children.values()) child.following.field = undefined;
}

function becomeInner(node: FieldNode): void {
  if (node.parent === undefined) return;
  node.parent.inner.push(node);
  node.parent.others = undefined;
}

function drop<T>(list: T[] | undefined, item: T): void {
  const at = list?.indexOf(item) ?? -1;
  if (at >= 0) list?.splice(at, 1);
}

function fieldNode(name: string, parent: FieldNode | undefined): FieldNode {
  return {
    name,
    parent,
    children: new Map(),
    byLength: Array<FieldNode[] | undefined>(longestListed + 1).fill(undefined),
    inner: [],
    others: undefined,
    first: { others: 0, field: undefined },
    following: { others: 0, field: undefined },
    quoted: `${JSON.stringify(name)}:`,
    index: undefined,
    readers: 0,
    readEpoch: 0,
    start: 0,
    end: 0,
    value: undefined,
    epoch: 0,
  };
}
