import type { NumberRange } from '../condition.ts';
import { comparableNumber, isComparable } from '../values/number.ts';
import {
  type Interval,
  type IntervalTree,
  addInterval,
  createIntervalTree,
  findOverlapping,
  removeInterval,
} from './interval-tree.ts';
import { numberText, readExactly } from './number-reading.ts';
import { type TestNode, isSpent, pass } from './requirement.ts';
import type { Run } from './run.ts';

/** The number tests of a field: intervals, of which a literal is the smallest; literals without a double by their text. */
export interface NumberIndex {
  readonly intervals: IntervalTree<TestNode>;
  readonly texts: Map<string, TestNode>;
  size: number;
}

export function createNumberIndex(): NumberIndex {
  return { intervals: createIntervalTree(), texts: new Map(), size: 0 };
}

export function addNumberTest(index: NumberIndex, node: TestNode): void {
  const interval = intervalOf(node);
  index.size++;
  if (interval !== undefined) addInterval(index.intervals, interval, node);
  else if (node.test.op === 'number') index.texts.set(node.test.text, node);
}

export function removeNumberTest(index: NumberIndex, node: TestNode): void {
  const interval = intervalOf(node);
  index.size--;
  if (interval !== undefined) removeInterval(index.intervals, interval, node);
  else if (node.test.op === 'number') index.texts.delete(node.test.text);
}

/** Reports the tests that a number passes. */
export function findNumberTests(run: Run, { intervals, texts }: NumberIndex): void {
  const reading = run.number;
  if (texts.size > 0) {
    const node = texts.get(numberText(reading));
    if (node !== undefined) pass(run, node);
  }
  if (intervals.root === undefined) return;
  const { value, margin } = reading;
  findOverlapping(intervals.root, value - margin, value + margin, report, run);
}

/** A test that the number passes, or nearly does. */
function report(run: Run, node: TestNode): void {
  if (isSpent(run, node)) return;
  const reading = run.number;
  const number = readExactly(reading);
  const { test } = node;
  if (test.op === 'range' ? !isWithin(number, test) : number !== intervalOf(node)?.from) return;
  reading.isComparable ||= isComparable(numberText(reading), number);
  if (reading.isComparable) pass(run, node);
}

function isWithin(number: number, { from, fromIncluded, to, toIncluded }: NumberRange): boolean {
  return (number > from || (fromIncluded && number === from)) && (number < to || (toIncluded && number === to));
}

function intervalOf({ test }: TestNode): Interval | undefined {
  if (test.op === 'range') return test;
  const number = test.op === 'number' ? comparableNumber(test.text) : undefined;
  return number === undefined ? undefined : { from: number, to: number };
}
