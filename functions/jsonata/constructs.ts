import type { Compile, Evaluator } from './evaluator.ts';
import { bind, innerFrame } from './frame.ts';
import { addAll, type Sequence } from './sequence.ts';
import type { Ast } from './syntax.ts';
import { isTrue } from './values.ts';

/** `[a, b]`: arrays among the values are taken apart, unless they were written as arrays themselves. */
export function compileArray(expressions: readonly Ast[], isConstructed: boolean, compile: Compile): Evaluator {
  const items = expressions.map((node) => ({
    evaluate: compile(node),
    isArray: node.type === 'unary' && node.value === '[',
  }));
  return (input, frame) => {
    const array: Sequence = [];
    for (const { evaluate, isArray } of items) {
      const value = evaluate(input, frame);
      if (!isArray && Array.isArray(value)) addAll(array, value, frame.run);
      else if (value !== undefined) array.push(value);
    }
    if (isConstructed) array.constructed = true;
    return array;
  };
}

export function compileCondition(node: Ast & { type: 'condition' }, compile: Compile): Evaluator {
  const condition = compile(node.condition);
  const whenTrue = compile(node.whenTrue);
  const whenFalse = node.whenFalse === undefined ? () => undefined : compile(node.whenFalse);
  return (input, frame) =>
    isTrue(condition(input, frame), frame.run) ? whenTrue(input, frame) : whenFalse(input, frame);
}

/** `(a; b)`: the value of the last; variables that are bound inside end with the block. */
export function compileBlock(nodes: readonly Ast[], compile: Compile): Evaluator {
  const expressions = nodes.map(compile);
  const binds = nodes.some(bindsVariables);
  return (input, frame) => {
    const inner = binds ? innerFrame(frame) : frame;
    let value: unknown;
    for (const evaluate of expressions) value = evaluate(input, inner);
    return value;
  };
}

export function compileBind(node: Ast & { type: 'bind' }, compile: Compile): Evaluator {
  const value = compile(node.rhs);
  const name = (node.lhs as Ast & { type: 'variable' }).value;
  return (input, frame) => {
    const bound = value(input, frame);
    bind(frame, name, bound);
    return bound;
  };
}

/** Not counting inner blocks and functions: those have frames of their own. */
function bindsVariables(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { type, thunk } = node as { type?: unknown; thunk?: unknown };
  if (type === 'bind') return true;
  if (type === 'block' || (type === 'lambda' && thunk !== true)) return false;
  return Object.values(node).some(bindsVariables);
}
