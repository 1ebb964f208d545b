import type { NumberRange } from '../condition.ts';
import { comparableNumber } from '../values/number.ts';
import { type IntervalTree, addInterval, createIntervalTree, removeInterval, stab } from './interval-tree.ts';
import { type TestNode, isSpent, pass } from './requirement.ts';
import type { Run } from './run.ts';

/** The number tests of a field: literals by value, those without a double by text, and ranges. */
export interface NumberIndex {
  readonly equal: Map<number, TestNode[]>;
  readonly texts: Map<string, TestNode>;
  readonly ranges: IntervalTree<TestNode>;
  size: number;
}

export function createNumberIndex(): NumberIndex {
  return { equal: new Map(), texts: new Map(), ranges: createIntervalTree(), size: 0 };
}

export function addNumberTest(index: NumberIndex, node: TestNode): void {
  const { test } = node;
  const equal = equalTo(node);
  index.size++;
  if (equal !== undefined) {
    const known = index.equal.get(equal);
    if (known === undefined) index.equal.set(equal, [node]);
    else known.push(node);
  } else if (test.op === 'number') {
    index.texts.set(test.text, node);
  } else if (test.op === 'range') {
    addInterval(index.ranges, test, node);
  }
}

export function removeNumberTest(index: NumberIndex, node: TestNode): void {
  const { test } = node;
  const equal = equalTo(node);
  index.size--;
  if (equal !== undefined) {
    const left = index.equal.get(equal)?.filter((one) => one !== node) ?? [];
    if (left.length === 0) index.equal.delete(equal);
    else index.equal.set(equal, left);
  } else if (test.op === 'number') {
    index.texts.delete(test.text);
  } else if (test.op === 'range') {
    removeInterval(index.ranges, test, node);
  }
}

/** Reports the tests that a number passes, given its text. */
export function findNumberTests(run: Run, index: NumberIndex, text: string): void {
  if (index.texts.size > 0) {
    const node = index.texts.get(text);
    if (node !== undefined) pass(run, node);
  }
  const number = Number(text);
  probe.run = run;
  probe.number = number;
  probe.text = text;
  probe.isComparable = undefined;
  const equal = index.equal.size > 0 ? index.equal.get(number) : undefined;
  if (equal !== undefined) for (let i = 0; i < equal.length; i++) report(probe, equal[i] as TestNode);
  if (index.ranges.root !== undefined) stab(index.ranges.root, number, reportRange, probe);
}

/** The number at hand. Whether its text is exact is asked only when a test would tell something new by it. */
interface Probe {
  run: Run | undefined;
  number: number;
  text: string;
  isComparable: boolean | undefined;
}

/** Used from call to call: a declared cache of one, so that a number costs no object. */
const probe: Probe = { run: undefined, number: 0, text: '', isComparable: undefined };

function reportRange(at: Probe, node: TestNode): void {
  const { from, fromIncluded, to, toIncluded } = node.test as NumberRange;
  if ((fromIncluded || at.number !== from) && (toIncluded || at.number !== to)) report(at, node);
}

function report(at: Probe, node: TestNode): void {
  const run = at.run as Run;
  if (isSpent(run, node)) return;
  at.isComparable ??= comparableNumber(at.text) !== undefined;
  if (at.isComparable) pass(run, node);
}

/** The one number that a test takes; -0 is 0. */
function equalTo({ test }: TestNode): number | undefined {
  if (test.op === 'number') return comparableNumber(test.text);
  return test.op === 'range' && test.from === test.to ? test.from : undefined;
}
