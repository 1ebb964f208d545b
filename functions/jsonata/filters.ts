import type { Compile } from './evaluator.ts';
import { tupleFrame, type Frame } from './frame.ts';
import type { Run } from './run.ts';
import { add, newSequence, type Sequence, type Tuple } from './sequence.ts';
import type { Stage } from './syntax.ts';
import { isNumeric, isTrue } from './values.ts';

/** What stands in brackets behind an expression, applied to the expression's value. */
export type Filter = (value: unknown, frame: Frame) => unknown;

/** `[1]` takes a value by its place, `[true-or-false]` keeps those that it holds for, `#$i` numbers tuples. */
export function compileFilter(stage: Stage, compile: Compile): Filter {
  if (stage.type === 'index') return numberTuples(stage.value);
  const { expr } = stage;
  if (expr.type === 'number' && typeof expr.value === 'number') return atPlace(expr.value);
  const predicate = compile(expr);
  return (value, frame) => {
    const { run } = frame;
    const kept = newSequence();
    const isTuples = Array.isArray(value) && (value as Sequence).tuples === true;
    if (isTuples) kept.tuples = true;
    const items = Array.isArray(value) ? (value as unknown[]) : [value];
    run.spend(items.length);
    for (const [index, item] of items.entries()) {
      const answer = isTuples
        ? predicate((item as Tuple)['@'], tupleFrame(frame, item as Tuple))
        : predicate(item, frame);
      const times = timesKept(answer, index, items.length, run);
      for (let count = 0; count < times; count += 1) add(kept, item, run);
    }
    return kept;
  };
}

/** Numbers are places, counted from the end where negative; an item is kept as often as its place is named. */
function timesKept(answer: unknown, index: number, length: number, run: Run): number {
  if (isNumeric(answer)) return isPlace(answer, index, length) ? 1 : 0;
  if (Array.isArray(answer) && answer.every(isNumeric)) {
    run.spend(answer.length);
    return answer.filter((place) => isPlace(place, index, length)).length;
  }
  return isTrue(answer, run) ? 1 : 0;
}

function isPlace(place: number, index: number, length: number): boolean {
  const floor = Math.floor(place);
  return (floor < 0 ? length + floor : floor) === index;
}

function atPlace(place: number): Filter {
  const floor = Math.floor(place);
  return (value, { run }) => {
    const kept = newSequence();
    if (Array.isArray(value) && (value as Sequence).tuples === true) kept.tuples = true;
    const items = Array.isArray(value) ? (value as unknown[]) : [value];
    const item = items[floor < 0 ? items.length + floor : floor];
    if (Array.isArray(item)) return item;
    if (item !== undefined) add(kept, item, run);
    return kept;
  };
}

function numberTuples(name: string): Filter {
  return (value) => {
    for (const [index, tuple] of (value as Tuple[]).entries()) tuple[name] = index;
    return value;
  };
}
