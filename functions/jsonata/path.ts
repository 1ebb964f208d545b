import type { Compile, Evaluator } from './evaluator.ts';
import type { Frame } from './frame.ts';
import { compileGroup } from './group.ts';
import { add, addAll, isSequence, newSequence, sequenceOf, unwrap, type Sequence, type Tuple } from './sequence.ts';
import { compileStep, type Step } from './step.ts';
import type { Ast } from './syntax.ts';
import { ownMember, type JsonObject } from './values.ts';

type PathNode = Ast & { type: 'path' };

/** `a.b.c`: each step is evaluated on every value that the step before it found. */
export function compilePath(node: PathNode, compile: Compile): Evaluator {
  const steps = node.steps.map((step) => compileStep(step, compile));
  const firstTuple = node.steps.findIndex((step) => step.tuple === true);
  const group = node.group === undefined ? undefined : compileGroup(node.group, compile);
  const finish = (found: unknown, frame: Frame): unknown => {
    const kept = node.keepSingletonArray === true ? keepSingleton(found) : found;
    return group === undefined ? kept : group(kept, frame);
  };
  if (firstTuple === -1) {
    const names = leadingNames(node.steps);
    const walk = walkPlain(steps, node.steps[0]?.type === 'variable');
    const follow =
      names.length === 0
        ? (input: unknown, frame: Frame) => walk(input, frame, 0)
        : walkNames(names, steps.length, walk);
    return node.keepSingletonArray !== true && group === undefined
      ? follow
      : (input, frame) => finish(follow(input, frame), frame);
  }
  const walk = walkTuples(steps, firstTuple, node.steps[0]?.type === 'variable');
  return (input, frame) => {
    const { tuples, values: early } = walk(input, frame);
    if (tuples === undefined) return finish(early, frame);
    if (node.tuple === true) return finish(tuples, frame);
    // The grouping still sees the variables; only the value of the path does without.
    const values = newSequence();
    for (const tuple of tuples) add(values, tuple['@'], frame.run);
    const kept = node.keepSingletonArray === true ? keepSingleton(values) : values;
    return group === undefined ? kept : group(tuples, frame);
  };
}

/** A path that has nothing but names, and so goes no deeper than the data. */
export function isPathOfNames(node: Ast): boolean {
  if (node.type !== 'path' || node.group !== undefined || node.steps.some(({ tuple }) => tuple === true)) return false;
  return leadingNames(node.steps).length === node.steps.length;
}

type Walk = (input: unknown, frame: Frame, from: number) => unknown;

function walkPlain(steps: readonly Step[], isAbsolute: boolean): Walk {
  return (input, frame, from) => {
    let values: unknown = Array.isArray(input) && (from > 0 || !isAbsolute) ? input : sequenceOf(input);
    for (let index = from; index < steps.length; index += 1) {
      const step = steps[index]!;
      if (index === 0 && step.isArrayConstructor) values = step.evaluate(values, frame);
      else if (!step.isSort || Array.isArray(values)) {
        values = step.onEach(listOf(values), frame, index === steps.length - 1);
      }
      if (isNothing(values)) return values;
    }
    return values;
  };
}

/**
 * Names at the start of a path, on an object: as long as no array is met there is one value, and no sequence is
 * needed to carry it. This is what nearly every path does with nearly every event.
 */
function walkNames(names: readonly string[], length: number, walk: Walk): Evaluator {
  const isWhole = names.length === length;
  return (input, frame) => {
    frame.run.spend(names.length);
    let value = input;
    for (let index = 0; index < names.length; index += 1) {
      if (typeof value !== 'object' || value === null) return undefined;
      if (Array.isArray(value)) return walkArray(value as Sequence, frame, index, length, walk);
      value = ownMember(value as JsonObject, names[index]!);
    }
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return walkArray(value as Sequence, frame, names.length, length, walk);
    return isWhole ? value : walk(sequenceOf(value), frame, names.length);
  };
}

/** Goes on from an array that was found by `index` names; one that was made by the expression may stand for a value. */
function walkArray(array: Sequence, frame: Frame, index: number, length: number, walk: Walk): unknown {
  if (index === 0) return walk(array, frame, 0);
  const member = unwrap(array, false);
  if (member === undefined) return undefined;
  if (index === length) return isSequence(member) ? copyOf(member, frame) : member;
  if (!Array.isArray(member) || (member as Sequence).constructed === true)
    return walk(sequenceOf(member), frame, index);
  return member.length === 0 ? undefined : walk(member, frame, index);
}

function copyOf(values: readonly unknown[], { run }: Frame): Sequence {
  const copy = newSequence();
  addAll(copy, values, run);
  return copy;
}

function leadingNames(steps: readonly Ast[]): string[] {
  const names: string[] = [];
  for (const step of steps) {
    const isPlain = step.type === 'name' && !step.stages && !step.predicate && !step.group && step.keepArray !== true;
    if (!isPlain) break;
    names.push(step.value);
  }
  return names;
}

function walkTuples(
  steps: readonly Step[],
  firstTuple: number,
  isAbsolute: boolean,
): (input: unknown, frame: Frame) => { tuples: Tuple[] | undefined; values: unknown } {
  return (input, frame) => {
    let values: unknown = Array.isArray(input) && !isAbsolute ? input : sequenceOf(input);
    let tuples: Tuple[] | undefined;
    for (const [index, step] of steps.entries()) {
      if (index === 0 && step.isArrayConstructor) {
        const array = step.evaluate(values, frame);
        if (!step.keepsContext) values = array;
      } else if (index >= firstTuple) {
        tuples = step.onTuples(listOf(values), tuples, frame);
      } else {
        values = step.onEach(listOf(values), frame, false);
      }
      if (index < firstTuple && isNothing(values)) return { tuples: undefined, values };
    }
    return { tuples, values };
  };
}

function isNothing(values: unknown): boolean {
  return values === undefined || values === '' || (Array.isArray(values) && values.length === 0);
}

/** An array constructor with a filter may leave one value, of which a text counts as its units. */
function listOf(values: unknown): readonly unknown[] {
  if (Array.isArray(values)) return values;
  return typeof values === 'string' ? values.split('') : [];
}

function keepSingleton(found: unknown): unknown {
  if (!Array.isArray(found)) {
    if (found === undefined) return undefined;
    const sequence = sequenceOf(found);
    sequence.keepSingleton = true;
    return sequence;
  }
  const array = found as Sequence;
  if (array.constructed === true && array.sequence !== true) {
    const sequence = sequenceOf(array);
    sequence.keepSingleton = true;
    return sequence;
  }
  if (array.sequence === true) array.keepSingleton = true;
  return array;
}
