import type { Compile, Evaluator } from './evaluator.ts';
import { compileFilter } from './filters.ts';
import { tupleFrame, type Frame } from './frame.ts';
import { addAll, isSequence, newSequence, newTuple, type Sequence, type Tuple } from './sequence.ts';
import { compileSort } from './sort.ts';
import type { Ast } from './syntax.ts';

/** One step of a path. */
export interface Step {
  readonly evaluate: Evaluator;
  /** As the first step it is evaluated once, not for each value. */
  readonly isArrayConstructor: boolean;
  /** Orders values, and leaves alone what is no list. */
  readonly isSort: boolean;
  /** `@$name` binds the value and leaves the context where it was. */
  readonly keepsContext: boolean;
  /** Evaluates on each value and joins what is found. `isLast` keeps a single array as the one value of the path. */
  onEach(values: readonly unknown[], frame: Frame, isLast: boolean): unknown[];
  /** The same on tuples; without any yet, they are made of `values`. */
  onTuples(values: readonly unknown[], tuples: readonly Tuple[] | undefined, frame: Frame): Tuple[];
}

export function compileStep(node: Ast, compile: Compile): Step {
  if (node.type === 'sort') return compileSortStep(node, compile);
  const evaluate = compile(node);
  const stages = (node.stages ?? []).map((stage) => compileFilter(stage, compile));
  const isArrayConstructor = node.consarray === true;
  return {
    evaluate,
    isArrayConstructor,
    isSort: false,
    keepsContext: node.focus !== undefined,
    onEach(values, frame, isLast) {
      const { run } = frame;
      run.values(values.length);
      const found = newSequence();
      let isNested = false;
      for (const value of values) {
        let result = evaluate(value, frame);
        for (const stage of stages) result = stage(result, frame);
        if (result !== undefined) {
          found.push(result);
          isNested ||= Array.isArray(result);
        }
      }
      if (!isNested) return found;
      const [first] = found;
      if (isLast && found.length === 1 && Array.isArray(first) && !isSequence(first)) return first;
      return flattened(found, frame);
    },
    onTuples(values, tuples, frame) {
      const { run } = frame;
      const found: Sequence = newSequence();
      found.tuples = true;
      for (const tuple of tuples ?? values.map(tupleOf)) {
        const result = evaluate(tuple['@'], tupleFrame(frame, tuple));
        if (result === undefined) continue;
        const results = Array.isArray(result) ? (result as Sequence) : [result];
        run.values(found.length + results.length);
        for (const [index, one] of results.entries()) {
          found.push(nextTuple(node, tuple, one, index, (results as Sequence).tuples === true));
        }
      }
      let staged: unknown = found;
      for (const stage of stages) staged = stage(staged, frame);
      return staged as Tuple[];
    },
  };
}

function nextTuple(node: Ast, before: Tuple, value: unknown, index: number, isTuple: boolean): Tuple {
  const tuple: Tuple = Object.assign(newTuple(), before);
  if (isTuple) return Object.assign(tuple, value);
  // `@` keeps the context where it was and gives the value a name instead.
  if (node.focus === undefined) tuple['@'] = value;
  else tuple[node.focus] = value;
  if (node.index !== undefined) tuple[node.index] = index;
  if (node.ancestor !== undefined) tuple[node.ancestor.label] = before['@'];
  return tuple;
}

function compileSortStep(node: Ast & { type: 'sort' }, compile: Compile): Step {
  const sort = compileSort(node, compile);
  const stages = (node.stages ?? []).map((stage) => compileFilter(stage, compile));
  const staged = (values: unknown[], frame: Frame): unknown[] => {
    let result: unknown = values;
    for (const stage of stages) result = stage(result, frame);
    return result as unknown[];
  };
  return {
    evaluate: (input, frame) => sort(input as unknown[], frame),
    isArrayConstructor: false,
    isSort: true,
    keepsContext: false,
    onEach(values, frame) {
      const sorted = sort(values, frame);
      // What need not be sorted is still a sequence, which what was sorted no longer is.
      return staged(sorted === values ? copyOf(values, frame) : sorted, frame);
    },
    onTuples(values, tuples, frame) {
      if (tuples !== undefined) return staged(sort(tuples, frame), frame) as Tuple[];
      const numbered: Sequence = newSequence();
      numbered.tuples = true;
      for (const [index, value] of sort(values, frame).entries()) {
        const tuple = tupleOf(value);
        if (node.index !== undefined) tuple[node.index] = index;
        numbered.push(tuple);
      }
      return staged(numbered, frame) as Tuple[];
    },
  };
}

function tupleOf(value: unknown): Tuple {
  const tuple: Tuple = newTuple();
  tuple['@'] = value;
  return tuple;
}

function copyOf(values: readonly unknown[], { run }: Frame): Sequence {
  const copy = newSequence();
  addAll(copy, values, run);
  return copy;
}

function flattened(found: readonly unknown[], { run }: Frame): Sequence {
  const flat = newSequence();
  for (const one of found) {
    if (Array.isArray(one) && (one as Sequence).constructed !== true) addAll(flat, one, run);
    else flat.push(one);
  }
  return flat;
}
