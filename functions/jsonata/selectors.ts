import type { Compile, Evaluator } from './evaluator.ts';
import { valueOf } from './frame.ts';
import type { Run } from './run.ts';
import { add, newSequence, type Sequence } from './sequence.ts';
import type { ParentSlot } from './syntax.ts';

/** `$name`; without a name, the context. */
export function compileVariable(name: string, compile: Compile): Evaluator {
  if (name !== '' && !compile.isBound(name)) return (_, { run }) => run.given(name);
  if (name !== '') return (_, frame) => valueOf(name, frame);
  return (input) => {
    const isWrapper = Array.isArray(input) && (input as Sequence).wrapper === true;
    return isWrapper ? (input[0] as unknown) : input;
  };
}

/** `%`: what the step before was evaluated on. */
export function compileParent({ label }: ParentSlot): Evaluator {
  return (_, frame) => valueOf(label, frame);
}

/** `*`: the values of all members, arrays taken apart. */
export function compileWildcard(): Evaluator {
  return (input, { run }) => {
    const value: unknown =
      Array.isArray(input) && (input as Sequence).wrapper === true && input.length > 0 ? input[0] : input;
    const members = membersOf(value);
    // Where an array is among them the result is a plain array, which stays one even with a single value in it.
    const found = members.some((member) => Array.isArray(member)) ? [] : newSequence();
    flatten(members, found, run);
    return found;
  };
}

/** `**`: the value and everything below it that is no array. */
export function compileDescendants(): Evaluator {
  return (input, { run }) => {
    if (input === undefined) return undefined;
    const found = newSequence();
    descend(input, found, run);
    return found.length === 1 ? found[0] : found;
  };
}

function flatten(values: readonly unknown[], into: unknown[], run: Run): void {
  run.enter();
  for (const value of values) {
    if (Array.isArray(value)) flatten(value, into, run);
    else add(into, value, run);
  }
  run.leave();
}

function descend(value: unknown, into: unknown[], run: Run): void {
  run.enter();
  if (!Array.isArray(value)) add(into, value, run);
  for (const inner of membersOf(value)) descend(inner, into, run);
  run.leave();
}

function membersOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : Object.values(value);
}
