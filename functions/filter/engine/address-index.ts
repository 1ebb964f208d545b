import type { AddressRange } from '../condition.ts';
import { isAddressWithin, parseAddress } from '../values/address.ts';
import {
  type Interval,
  type IntervalTree,
  addInterval,
  createIntervalTree,
  removeInterval,
  findOverlapping,
} from './interval-tree.ts';
import { type TestNode, pass } from './requirement.ts';
import type { Run } from './run.ts';

/** The address tests of a field: intervals of the first 52 bits, which a double holds; the test decides on the rest. */
export type AddressIndex = IntervalTree<TestNode>;

export function createAddressIndex(): AddressIndex {
  return createIntervalTree();
}

export function addAddressTest(index: AddressIndex, node: TestNode): void {
  addInterval(index, intervalOf(node.test as AddressRange), node);
}

export function removeAddressTest(index: AddressIndex, node: TestNode): void {
  removeInterval(index, intervalOf(node.test as AddressRange), node);
}

export function findAddressTests(run: Run, index: AddressIndex, value: string): void {
  const address = parseAddress(value);
  if (address === undefined) return;
  const bits = leadingBits(address, '0');
  findOverlapping(
    index.root,
    bits,
    bits,
    (_, node) => {
      const { from, to } = node.test as AddressRange;
      if (isAddressWithin(address, from, to)) pass(run, node);
    },
    undefined,
  );
}

function intervalOf({ from, to }: AddressRange): Interval {
  return { from: leadingBits(from, '0'), to: leadingBits(to, 'f') };
}

function leadingBits(address: string, fill: string): number {
  return parseInt(address.slice(0, 13).padEnd(13, fill), 16);
}
