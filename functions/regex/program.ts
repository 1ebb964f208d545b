import { membership } from './character-set.ts';
import { RegexError, type Assertion, type Node } from './syntax.ts';

/** One instruction of the matcher. `split` prefers `first`; a jump is a `split` with one way. */
export type Instruction =
  | { readonly operation: 'set'; readonly accepts: (unit: number) => boolean }
  | { readonly operation: 'assert'; readonly test: Assertion }
  | { readonly operation: 'save'; readonly slot: number }
  /** Forgets the captures `[first, end)` as an iteration begins. */
  | { readonly operation: 'forget'; readonly first: number; readonly end: number }
  /** An iteration of the loop at `level` begins here, or has to have moved on since it began. */
  | { readonly operation: 'begin' | 'progress'; readonly level: number }
  | { readonly operation: 'split'; first: number; second: number }
  | { readonly operation: 'jump'; to: number }
  | { readonly operation: 'match' };

export interface Program {
  readonly instructions: readonly Instruction[];
  /** How deep loops whose body can be empty are nested. */
  readonly levels: number;
  readonly captures: number;
  /** Whether a match can begin with this unit; `undefined` where it can be empty. Lets a search skip at full speed. */
  readonly canBegin: ((unit: number) => boolean) | undefined;
}

/** Instructions: a match takes at most the text's length times this many steps. */
export const largestProgram = 4000;

/** Translates a syntax tree; counted repetitions are written out. Throws `RegexError` when the program grows too large. */
export function compileProgram(node: Node, captures: number): Program {
  const instructions: Instruction[] = [];
  let levels = 0;
  emit(node, 0);
  add({ operation: 'match' });
  return { instructions, levels, captures, canBegin: beginnings(instructions) };

  function add<T extends Instruction>(instruction: T): T {
    if (instructions.length >= largestProgram) {
      throw new RegexError(
        `The regular expression is larger than ${largestProgram} steps when its repetitions are written out.`,
        0,
      );
    }
    instructions.push(instruction);
    return instruction;
  }

  function emit(node: Node, level: number): void {
    switch (node.kind) {
      case 'empty':
        break;
      case 'set':
        add({ operation: 'set', accepts: membership(node.set) });
        break;
      case 'test':
        add({ operation: 'set', accepts: node.accepts });
        break;
      case 'assertion':
        add({ operation: 'assert', test: node.test });
        break;
      case 'sequence':
        for (const part of node.parts) emit(part, level);
        break;
      case 'alternation':
        emitAlternation(node.branches, level);
        break;
      case 'capture':
        add({ operation: 'save', slot: node.index * 2 });
        emit(node.body, level);
        add({ operation: 'save', slot: node.index * 2 + 1 });
        break;
      default:
        emitRepeat(node, level);
    }
  }

  function emitAlternation(branches: readonly Node[], level: number): void {
    const exits: { to: number }[] = [];
    for (const [index, branch] of branches.entries()) {
      if (index === branches.length - 1) {
        emit(branch, level);
      } else {
        const split = add({ operation: 'split', first: instructions.length + 1, second: 0 });
        emit(branch, level);
        exits.push(add({ operation: 'jump', to: 0 }));
        split.second = instructions.length;
      }
    }
    for (const exit of exits) exit.to = instructions.length;
  }

  function emitRepeat(node: Node & { kind: 'repeat' }, level: number): void {
    for (let count = 0; count < node.minimum; count += 1) {
      emitForget(node);
      emit(node.body, level);
    }
    if (node.maximum === Infinity) {
      const loop = instructions.length;
      const split = emitIteration(node, level);
      add({ operation: 'jump', to: loop });
      leave(split, node.lazy);
    } else {
      const splits = [];
      for (let count = node.minimum; count < node.maximum; count += 1) splits.push(emitIteration(node, level));
      for (const split of splits) leave(split, node.lazy);
    }
  }

  /** One optional iteration; ECMAScript gives up an optional iteration that consumed nothing. */
  function emitIteration(node: Node & { kind: 'repeat' }, level: number): { first: number; second: number } {
    const split = add({ operation: 'split', first: instructions.length + 1, second: instructions.length + 1 });
    emitForget(node);
    if (!canBeEmpty(node.body)) {
      emit(node.body, level);
      return split;
    }
    levels = Math.max(levels, level + 1);
    add({ operation: 'begin', level: level + 1 });
    emit(node.body, level + 1);
    add({ operation: 'progress', level: level + 1 });
    return split;
  }

  function emitForget({ captures: [first, end] }: Node & { kind: 'repeat' }): void {
    if (end > first) add({ operation: 'forget', first, end });
  }

  function leave(split: { first: number; second: number }, lazy: boolean): void {
    if (lazy) split.first = instructions.length;
    else split.second = instructions.length;
  }
}

function canBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'set':
    case 'test':
      return false;
    case 'sequence':
      return node.parts.every(canBeEmpty);
    case 'alternation':
      return node.branches.some(canBeEmpty);
    case 'capture':
      return canBeEmpty(node.body);
    case 'repeat':
      return node.minimum === 0 || canBeEmpty(node.body);
    default:
      return true;
  }
}

function beginnings(instructions: readonly Instruction[]): ((unit: number) => boolean) | undefined {
  const accepting: ((unit: number) => boolean)[] = [];
  const seen = new Set<number>();
  const pending = [0];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (seen.has(place)) continue;
    seen.add(place);
    const instruction = instructions[place]!;
    if (instruction.operation === 'match') return undefined;
    if (instruction.operation === 'set') accepting.push(instruction.accepts);
    else if (instruction.operation === 'split') pending.push(instruction.first, instruction.second);
    else pending.push(instruction.operation === 'jump' ? instruction.to : place + 1);
  }
  return (unit) => accepting.some((accepts) => accepts(unit));
}
