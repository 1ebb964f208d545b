import { JsonataError } from './error.ts';
import type { Compile, Evaluator } from './evaluator.ts';
import { tupleFrame, type Frame } from './frame.ts';
import type { Run } from './run.ts';
import { append, newTuple, type Sequence, type Tuple } from './sequence.ts';
import type { Group, Pair } from './syntax.ts';
import { newObject, setMember } from './values.ts';

/**
 * `{key: value, …}`: evaluates the keys on every value of the input, collects the values under the same key, and
 * evaluates each key's value once on what was collected. An object constructor is this for one value.
 */
export function compileGroup({ lhs, position }: Group, compile: Compile): Evaluator {
  return groupBy(compilePairs(lhs, compile), position);
}

export interface CompiledPair {
  readonly key: Evaluator;
  readonly value: Evaluator;
}

export function compilePairs(pairs: readonly Pair[], compile: Compile): CompiledPair[] {
  return pairs.map(([key, value]) => ({ key: compile(key), value: compile(value) }));
}

export function groupBy(pairs: readonly CompiledPair[], position: number | undefined): Evaluator {
  return (input, frame) => {
    const { run } = frame;
    const isTuples = Array.isArray(input) && (input as Sequence).tuples === true;
    const items = Array.isArray(input) ? (input as unknown[]) : [input];
    const groups = new Map<string, Members>();
    // For nothing there is still a literal object.
    const list = items.length === 0 && !isTuples ? [undefined] : items;
    run.spend(list.length * pairs.length);
    for (const item of list) {
      const context = isTuples ? (item as Tuple)['@'] : item;
      const inner = isTuples ? tupleFrame(frame, item as Tuple) : frame;
      for (const [index, pair] of pairs.entries()) {
        const key = pair.key(context, inner);
        if (key !== undefined) collect(groups, checkedKey(key, position), index, item, run, position);
      }
    }
    const object = newObject();
    for (const [key, { pair, data }] of groups) {
      const { value: evaluate } = pairs[pair]!;
      const value = isTuples ? evaluateOnTuples(evaluate, data, frame) : evaluate(data, frame);
      if (value !== undefined) setMember(object, key, value);
    }
    return object;
  };
}

/** Functions were objects with these members once; expressions that are portable do not use them. */
export function isReserved(key: string): boolean {
  return key === '_jsonata_lambda' || key === '_jsonata_function';
}

interface Members {
  /** Which pair of the constructor made the key. */
  readonly pair: number;
  data: unknown;
  /** `data` is an array of our own, to which further values can be added. */
  isCollected: boolean;
}

function checkedKey(key: unknown, position: number | undefined): string {
  if (typeof key !== 'string') throw new JsonataError('T1003', 'The key of an object is not a string', position);
  if (isReserved(key)) throw new JsonataError('D1013', `The key ${key} is reserved`, position);
  return key;
}

function collect(
  groups: Map<string, Members>,
  key: string,
  pair: number,
  item: unknown,
  run: Run,
  position: number | undefined,
): void {
  const members = groups.get(key);
  if (members === undefined) {
    groups.set(key, { pair, data: item, isCollected: false });
  } else if (members.pair !== pair) {
    throw new JsonataError('D1009', 'Two keys of an object constructor have the same value', position);
  } else if (members.isCollected && item !== undefined) {
    const list = members.data as unknown[];
    const added = Array.isArray(item) ? (item as unknown[]) : [item];
    run.values(list.length + added.length);
    run.spend(-list.length);
    for (const one of added) list.push(one);
  } else {
    const joined = append(members.data, item, run);
    members.isCollected = Array.isArray(joined) && joined !== item && joined !== members.data;
    members.data = joined;
  }
}

/** The tuples of a group become one: each variable holds the values that it had in all of them. */
function evaluateOnTuples(evaluate: Evaluator, data: unknown, frame: Frame): unknown {
  const merged = newTuple();
  for (const tuple of Array.isArray(data) ? (data as Tuple[]) : [data as Tuple]) {
    for (const name of Object.keys(tuple)) merged[name] = append(merged[name], tuple[name], frame.run);
  }
  const { '@': context, ...variables } = merged;
  return evaluate(context, tupleFrame(frame, variables));
}
