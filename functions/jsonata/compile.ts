import { compileApply, compileCall, compileLambda, compilePartial } from './calls.ts';
import { compileBinary, compileNegation } from './operators.ts';
import { compileDescendants, compileParent, compileVariable, compileWildcard } from './selectors.ts';
import type { Evaluator } from './evaluator.ts';
import { JsonataError } from './error.ts';
import { compileGroup } from './group.ts';
import { compileFilter } from './filters.ts';
import { compilePath } from './path.ts';
import { compileRegexLiteral } from './regex-literal.ts';
import { unwrap, type Sequence } from './sequence.ts';
import type { Ast } from './syntax.ts';
import { compileTransform } from './transform.ts';
import { isTrue, lookup } from './values.ts';
import { addAll } from './sequence.ts';

/** Compiles a node with its filters and its grouping to a closure; what it answers is unwrapped. */
export function compile(node: Ast): Evaluator {
  const evaluate = compileNode(node);
  const filters = (node.predicate ?? []).map((stage) => compileFilter(stage, compile));
  const group = node.type === 'path' || node.group === undefined ? undefined : compileGroup(node.group, compile);
  const keepArray = node.keepArray === true;
  if (filters.length === 0 && group === undefined && !keepArray) {
    if (isLiteral(node)) return evaluate;
    if (node.type === 'variable' || node.type === 'name')
      return (input, frame) => unwrap(evaluate(input, frame), false);
  }
  if (filters.length === 0 && group === undefined) {
    return (input, frame) => {
      const { run } = frame;
      run.enter();
      const value = evaluate(input, frame);
      run.leave();
      return unwrap(value, keepArray);
    };
  }
  return (input, frame) => {
    const { run } = frame;
    run.enter();
    let value = evaluate(input, frame);
    for (const filter of filters) value = filter(value, frame);
    if (group !== undefined) value = group(value, frame);
    run.leave();
    return unwrap(value, keepArray);
  };
}

/** Literals, variables and names go no deeper: whoever evaluates them has paid for them. */
function isLiteral({ type }: Ast): boolean {
  return type === 'string' || type === 'number' || type === 'value';
}

function compileNode(node: Ast): Evaluator {
  switch (node.type) {
    case 'path':
      return compilePath(node, compile);
    case 'binary':
      return compileBinary(node, compile);
    case 'unary':
      return compileUnary(node);
    case 'name': {
      const { value: name } = node;
      return (input, { run }) => lookup(input, name, run);
    }
    case 'string':
    case 'number':
    case 'value': {
      const { value } = node;
      return () => value;
    }
    case 'wildcard':
      return compileWildcard();
    case 'descendant':
      return compileDescendants();
    case 'parent':
      return compileParent(node.slot);
    case 'condition':
      return compileCondition(node);
    case 'block':
      return compileBlock(node.expressions);
    case 'bind':
      return compileBind(node);
    case 'regex':
      return compileRegexLiteral(node);
    case 'variable':
      return compileVariable(node.value);
    case 'function':
      return compileCall(node, compile);
    case 'lambda':
      return compileLambda(node, compile);
    case 'partial':
      return compilePartial(node, compile);
    case 'apply':
      return compileApply(node, compile);
    case 'transform':
      return compileTransform(node, compile);
    default:
      throw new JsonataError('S0206', `There is no expression of type ${node.type}`, node.position);
  }
}

function compileUnary(node: Ast & { type: 'unary' }): Evaluator {
  switch (node.value) {
    case '-':
      return compileNegation(node, compile);
    case '[':
      return compileArray(node.expressions, node.consarray === true);
    default:
      return compileObject(node);
  }
}

/** An array within the brackets is one value of the new array only where it was written as an array. */
function compileArray(expressions: readonly Ast[], isConstructed: boolean): Evaluator {
  const items = expressions.map((node) => ({
    evaluate: compile(node),
    isArray: node.type === 'unary' && node.value === '[',
  }));
  return (input, frame) => {
    const { run } = frame;
    const array: Sequence = [];
    for (const { evaluate, isArray } of items) {
      const value = evaluate(input, frame);
      if (!isArray && Array.isArray(value)) {
        addAll(array, value, run);
      } else if (value !== undefined) {
        array.push(value);
      }
    }
    if (isConstructed) array.constructed = true;
    return array;
  };
}

function compileObject(node: Ast & { type: 'unary'; value: '{' }): Evaluator {
  const group = compileGroup(
    node.position === undefined ? { lhs: node.lhs } : { lhs: node.lhs, position: node.position },
    compile,
  );
  return (input, frame) => group(input, frame);
}

function compileCondition(node: Ast & { type: 'condition' }): Evaluator {
  const condition = compile(node.condition);
  const whenTrue = compile(node.whenTrue);
  const whenFalse = node.whenFalse === undefined ? () => undefined : compile(node.whenFalse);
  return (input, frame) =>
    isTrue(condition(input, frame), frame.run) ? whenTrue(input, frame) : whenFalse(input, frame);
}

function compileBlock(nodes: readonly Ast[]): Evaluator {
  const expressions = nodes.map(compile);
  // Only a binding needs a frame of its own, and only those that are not within a further block or function count.
  const binds = nodes.some(bindsVariables);
  return (input, frame) => {
    const inner = binds ? frame.inner() : frame;
    let value: unknown;
    for (const evaluate of expressions) value = evaluate(input, inner);
    return value;
  };
}

function bindsVariables(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if ((node as { type?: unknown }).type === 'bind') return true;
  return Object.values(node).some(bindsVariables);
}

function compileBind(node: Ast & { type: 'bind' }): Evaluator {
  const value = compile(node.rhs);
  const name = (node.lhs as Ast & { type: 'variable' }).value;
  return (input, frame) => {
    const bound = value(input, frame);
    frame.bind(name, bound);
    return bound;
  };
}
