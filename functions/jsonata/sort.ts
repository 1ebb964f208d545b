import { JsonataError } from './error.ts';
import type { Compile } from './evaluator.ts';
import { tupleFrame, type Frame } from './frame.ts';
import type { Run } from './run.ts';
import type { Sequence, Tuple } from './sequence.ts';
import type { Ast } from './syntax.ts';

/** `^(term, …)`: numbers or strings, the smaller first unless the term says otherwise; what is missing comes last. */
export function compileSort(
  node: Ast & { type: 'sort' },
  compile: Compile,
): (values: readonly unknown[], frame: Frame) => unknown[] {
  const terms = node.terms.map(({ descending, expression }) => ({ descending, evaluate: compile(expression) }));
  return (values, frame) => {
    const isTuples = (values as Sequence).tuples === true;
    const evaluate = (term: (typeof terms)[number], item: unknown): unknown =>
      isTuples ? term.evaluate((item as Tuple)['@'], tupleFrame(frame, item as Tuple)) : term.evaluate(item, frame);
    const isAfter = (left: unknown, right: unknown): boolean => {
      frame.run.spend(terms.length);
      for (const term of terms) {
        const order = compare(evaluate(term, left), evaluate(term, right), term.descending, node.position);
        if (order !== 0) return order > 0;
      }
      return false;
    };
    return mergeSort(values, isAfter, frame.run);
  };
}

/** Stable; asks of two values whether they stand in the wrong order. Up to one value comes back as it is. */
export function mergeSort(
  values: readonly unknown[],
  isAfter: (left: unknown, right: unknown) => boolean,
  run: Run,
): unknown[] {
  if (values.length <= 1) return values as unknown[];
  run.values(values.length);
  const middle = values.length >> 1;
  const left = mergeSort(values.slice(0, middle), isAfter, run);
  const right = mergeSort(values.slice(middle), isAfter, run);
  const merged: unknown[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    if (isAfter(left[l], right[r])) merged.push(right[r++]);
    else merged.push(left[l++]);
  }
  while (l < left.length) merged.push(left[l++]);
  while (r < right.length) merged.push(right[r++]);
  return merged;
}

function compare(left: unknown, right: unknown, descending: boolean, position: number | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 1;
  if (right === undefined) return -1;
  if (!isSortable(left) || !isSortable(right)) {
    throw new JsonataError('T2008', 'What is sorted by is neither a number nor a string', position);
  }
  if (typeof left !== typeof right) {
    throw new JsonataError('T2007', 'What is sorted by is a number in one place and a string in another', position);
  }
  if (left === right) return 0;
  return left < right === descending ? 1 : -1;
}

function isSortable(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}
