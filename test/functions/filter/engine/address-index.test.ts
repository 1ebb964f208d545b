import { describe, expect, it } from 'vitest';
import type { ValueTest } from '../../../../functions/filter/condition.ts';
import {
  addAddressTest,
  createAddressIndex,
  findAddressTests,
  removeAddressTest,
} from '../../../../functions/filter/engine/address-index.ts';
import type { TestNode } from '../../../../functions/filter/engine/requirement.ts';
import { createRun } from '../../../../functions/filter/engine/run.ts';
import { passes } from '../../../../functions/filter/value-test.ts';
import { addressRange, parseAddress } from '../../../../functions/filter/values/address.ts';

function nodeOf(network: string): TestNode {
  const [address = '', mask] = network.split('/');
  const digits = parseAddress(address) ?? '';
  const test: ValueTest =
    mask === undefined
      ? { op: 'address', from: digits, to: digits }
      : { op: 'address', ...addressRange(digits, Number(mask)) };
  const exclusion = { tests: [], epoch: 0, lastValue: 0, excluded: 0, excludedPlain: 0 };
  return {
    alone: undefined,
    requirements: [],
    exclusions: [exclusion],
    test,
    pattern: undefined,
    isAscii: true,
    uses: 1,
  };
}

const networks = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.3',
  '0.0.0.0/0',
  '255.255.255.255',
  '::/0',
  '2001:db8::/32',
].concat(['2001:db8::1', '2001:db8::/127', '2001:db8:0:0:8000::/65', '::1', 'ffff:ffff:ffff:ffff::/64', '10.1.2.2/31']);
const values = [
  '10.0.0.0',
  '10.255.255.255',
  '10.1.2.2',
  '10.1.2.3',
  '11.0.0.0',
  '0.0.0.0',
  '255.255.255.255',
  '::',
].concat(
  ['::1', '2001:db8::', '2001:db8::1', '2001:db8::2', '2001:db8::7fff:ffff:ffff:ffff', '2001:db8::8000:0:0:0'],
  ['2001:db9::', '::ffff:10.1', '::ffff:a01:203', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'not one', '10.1.2', ''],
);

describe('an index of addresses', () => {
  it('finds what asking each finds, and leaves nothing behind', () => {
    const run = createRun();
    const index = createAddressIndex();
    const nodes = networks.map(nodeOf);
    const expectSame = (present: TestNode[]): void => {
      for (const value of values) {
        run.epoch++;
        run.value++;
        findAddressTests(run, index, value);
        const passed = nodes.filter(({ exclusions }) => exclusions[0]?.epoch === run.epoch);
        expect(
          passed.map(({ test }) => test),
          value,
        ).toEqual(present.filter(({ test }) => passes(test, { kind: 'string', value })).map(({ test }) => test));
      }
    };
    for (const node of nodes) addAddressTest(index, node);
    expectSame(nodes);
    for (let gone = nodes.length; gone > 0; gone--) {
      removeAddressTest(index, nodes[gone - 1] as TestNode);
      expectSame(nodes.slice(0, gone - 1));
    }
    expect(index.root).toBeUndefined();
  });
});
