import { describe, expect, it } from 'vitest';
import {
  addInterval,
  createIntervalTree,
  findOverlapping,
  removeInterval,
} from '../../../../functions/filter/engine/interval-tree.ts';

interface Entry {
  from: number;
  to: number;
  item: number;
}

function found(tree: ReturnType<typeof createIntervalTree<number>>, low: number, high: number): number[] {
  const items: number[] = [];
  findOverlapping(tree.root, low, high, (into: number[], item) => into.push(item), items);
  return items.toSorted((a, b) => a - b);
}

describe('an interval tree', () => {
  it('finds what a list finds, while intervals come and go', () => {
    let state = 7;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    const tree = createIntervalTree<number>();
    let entries: Entry[] = [];
    for (let i = 0; i < 3000; i++) {
      const from = below(5) === 0 ? -Infinity : below(60);
      const to = below(5) === 0 ? Infinity : Math.max(from, 0) + below(12);
      entries.push({ from, to, item: i });
      addInterval(tree, { from, to }, i);
      if (i % 3 > 0) {
        const gone = entries[below(entries.length)] as Entry;
        entries = entries.filter((entry) => entry !== gone);
        removeInterval(tree, gone, gone.item);
      }
      const low = below(70);
      const high = low + below(3);
      const expected = entries.filter(({ from, to }) => from <= high && low <= to).map(({ item }) => item);
      expect(found(tree, low, high)).toEqual(expected);
    }
  });

  it('stays shallow, however the intervals come', () => {
    for (const order of [(i: number) => i, (i: number) => -i]) {
      const tree = createIntervalTree<number>();
      for (let i = 0; i < 4096; i++) addInterval(tree, { from: order(i), to: order(i) }, i);
      const depth = (node: typeof tree.root): number =>
        node === undefined ? 0 : 1 + Math.max(depth(node.left), depth(node.right));
      expect(depth(tree.root)).toBeLessThan(48);
      for (let i = 0; i < 4095; i++) removeInterval(tree, { from: order(i), to: order(i) }, i);
      expect(depth(tree.root)).toBe(1);
    }
  });

  it('forgets only what it has', () => {
    const tree = createIntervalTree<string>();
    addInterval(tree, { from: 1, to: 2 }, 'a');
    removeInterval(tree, { from: 1, to: 2 }, 'b');
    removeInterval(tree, { from: 1, to: 3 }, 'a');
    removeInterval(tree, { from: 0, to: 2 }, 'a');
    const items: string[] = [];
    findOverlapping(tree.root, 2, 2, (into: string[], item) => into.push(item), items);
    expect(items).toEqual(['a']);
    removeInterval(tree, { from: 1, to: 2 }, 'a');
    expect(tree.root).toBeUndefined();
  });

  it('keeps the intervals of one place together and in order', () => {
    const tree = createIntervalTree<string>();
    for (const [from, to, item] of [
      [1, 2, 'a'],
      [1, 3, 'b'],
      [1, 2, 'c'],
      [0, 2, 'd'],
    ] as const)
      addInterval(tree, { from, to }, item);
    const items = (low: number, high: number): string => {
      const found: string[] = [];
      findOverlapping(tree.root, low, high, (into: string[], item) => into.push(item), found);
      return found.toSorted().join('');
    };
    expect([items(2.5, 9), items(2, 2), items(0, 0.5), items(3, 3), items(3.1, 4), items(-2, -1)]).toEqual([
      'b',
      'abcd',
      'd',
      'b',
      '',
      '',
    ]);
    removeInterval(tree, { from: 1, to: 2 }, 'a');
    expect(items(1, 1)).toBe('bcd');
  });

  it('does not look where nothing can reach', () => {
    const tree = createIntervalTree<number>();
    for (let i = 0; i < 4096; i++) addInterval(tree, { from: i, to: i }, i);
    let looks = 0;
    const counted = (node: typeof tree.root): typeof tree.root =>
      node === undefined
        ? undefined
        : Object.defineProperties(
            { ...node },
            {
              from: { get: () => (looks++, node.from) },
              left: { get: () => counted(node.left) },
              right: { get: () => counted(node.right) },
            },
          );
    const found: number[] = [];
    findOverlapping(counted(tree.root), 2000, 2000, (into: number[], item) => into.push(item), found);
    expect(found).toEqual([2000]);
    expect(looks).toBeLessThan(100);
    looks = 0;
    findOverlapping(counted(tree.root), 5000, 5001, (into: number[], item) => into.push(item), found);
    expect(looks).toBe(0);
  });

  it('stays shallow while intervals come and go', () => {
    const tree = createIntervalTree<number>();
    const depth = (node: typeof tree.root): number =>
      node === undefined ? 0 : 1 + Math.max(depth(node.left), depth(node.right));
    for (let i = 0; i < 8192; i++) {
      addInterval(tree, { from: i, to: i }, i);
      if (i >= 2048) removeInterval(tree, { from: i - 2048, to: i - 2048 }, i - 2048);
    }
    for (let i = 6144; i < 8192; i += 2) removeInterval(tree, { from: i, to: i }, i);
    expect(depth(tree.root)).toBeLessThan(40);
    expect(found(tree, 6144, 8192)).toHaveLength(1024);
  });
});
