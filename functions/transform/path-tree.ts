import { anyDepth, each, elements, type Path } from './path.ts';

/** Several paths as one tree, so that one walk over an event serves them all. */
export interface PathTree {
  /** The paths that end at this node, as they were written. */
  readonly ends: string[];
  /** The nodes that follow by a member's name, by an element's index, by `.*`, by `[*]` and by `.**`. */
  readonly names: Map<string, PathTree>;
  readonly indexes: Map<number, PathTree>;
  each?: PathTree;
  elements?: PathTree;
  anyDepth?: PathTree;
  /** The node after `.**`: it is at every depth. */
  readonly isAnyDepth: boolean;
  /** What of this node goes through an array: its names alone. */
  readonly throughArray: PathTree;
}

export function pathTree(paths: readonly { readonly text: string; readonly path: Path }[]): PathTree {
  const root = newNode();
  for (const { text, path } of paths) {
    let node = root;
    for (const segment of path) {
      if (segment === anyDepth) node = node.anyDepth ??= newNode(true);
      else if (segment === each) node = node.each ??= newNode();
      else if (segment === elements) node = node.elements ??= newNode();
      else if (typeof segment === 'number') node = childOf(node.indexes, segment);
      else node = childOf(node.names, segment);
    }
    node.ends.push(text);
  }
  return root;
}

function childOf<Key>(children: Map<Key, PathTree>, key: Key): PathTree {
  const child = children.get(key) ?? newNode();
  children.set(key, child);
  return child;
}

function newNode(isAnyDepth = false): PathTree {
  const names = new Map<string, PathTree>();
  const throughArray: PathTree = {
    ends: [],
    names,
    indexes: new Map(),
    isAnyDepth: false,
    // Also through arrays in arrays.
    get throughArray() {
      return throughArray;
    },
  };
  return { ends: [], names, indexes: new Map(), isAnyDepth, throughArray };
}
