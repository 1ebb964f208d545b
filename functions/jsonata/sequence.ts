import type { Run } from './run.ts';

/**
 * JSONata's sequences are arrays with marks. A sequence of one value stands for that value, and an empty one for
 * nothing; arrays from the input or from a constructor without a mark stay what they are.
 */
export interface Sequence extends Array<unknown> {
  sequence?: true;
  /** Stays an array although it has one value: the expression said `[]`. */
  keepSingleton?: true;
  /** Made by an array constructor that is a step of a path: not taken apart by the step around it. */
  constructed?: true;
  /** Holds the array that is the whole input, so that it counts as one value. */
  wrapper?: true;
  /** Holds tuples: the values of a path together with the variables bound on the way. */
  tuples?: true;
}

/** `@` is the value; the other keys are variables. */
export type Tuple = Record<string, unknown>;

/** Without a prototype: expressions choose the names. */
export function newTuple(): Tuple {
  return Object.create(null) as Tuple;
}

export function newSequence(): Sequence {
  const sequence: Sequence = [];
  sequence.sequence = true;
  return sequence;
}

export function sequenceOf(value: unknown): Sequence {
  const sequence: Sequence = [value];
  sequence.sequence = true;
  return sequence;
}

export function isSequence(value: unknown): value is Sequence {
  return Array.isArray(value) && (value as Sequence).sequence === true;
}

export function add(sequence: unknown[], value: unknown, run: Run): void {
  if (sequence.length >= run.limits.sequence) run.values(sequence.length + 1);
  run.spend(1);
  sequence.push(value);
}

export function addAll(sequence: unknown[], values: readonly unknown[], run: Run): void {
  run.values(sequence.length + values.length);
  for (const value of values) sequence.push(value);
}

/** What an expression's value is to the outside: nothing for an empty sequence, its value for one of one. */
export function unwrap(value: unknown, keepArray: boolean): unknown {
  if (!Array.isArray(value)) return value;
  const sequence = value as Sequence;
  if (sequence.sequence !== true || sequence.tuples === true) return value;
  if (keepArray) sequence.keepSingleton = true;
  if (sequence.length === 0) return undefined;
  return sequence.length === 1 && sequence.keepSingleton !== true ? sequence[0] : sequence;
}

/** Joins two values into a plain array; nothing joins to the other one. Neither argument is changed. */
export function append(first: unknown, second: unknown, run: Run): unknown {
  if (first === undefined) return second;
  if (second === undefined) return first;
  const left = Array.isArray(first) ? first : [first];
  const right = Array.isArray(second) ? second : [second];
  run.values(left.length + right.length);
  return Array.from(left).concat(right);
}
