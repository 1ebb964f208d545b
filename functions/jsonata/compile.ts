import { compileApply, compileCall, compileLambda, compilePartial } from './calls.ts';
import { compileArray, compileBind, compileBlock, compileCondition } from './constructs.ts';
import { JsonataError } from './error.ts';
import type { Compile, Evaluator } from './evaluator.ts';
import { compileFilter } from './filters.ts';
import { compileGroup } from './group.ts';
import { compileObject } from './object.ts';
import { compileBinary, compileNegation } from './operators.ts';
import { boundNames } from './parse.ts';
import { compilePath, isPathOfNames } from './path.ts';
import { compileRegexLiteral } from './regex-literal.ts';
import { compileDescendants, compileParent, compileVariable, compileWildcard } from './selectors.ts';
import { unwrap } from './sequence.ts';
import type { Ast } from './syntax.ts';
import { compileTransform } from './transform.ts';
import { lookup } from './values.ts';

/** Of all regular expressions in an expression: some megabytes. */
const mostInstructions = 20_000;

/** Compiles a whole expression to a closure. */
export function compileExpression(ast: Ast): Evaluator {
  const bound = boundNames(ast);
  let regexSize = 0;
  const compile: Compile = Object.assign((node: Ast) => compileWhole(node, compile), {
    isBound: (name: string) => bound.has(name),
    addRegex(size: number, position: number | undefined) {
      regexSize += size;
      if (regexSize <= mostInstructions) return;
      throw new JsonataError('S0303', 'The regular expressions are too large together', position);
    },
  });
  return compile(ast);
}

/** A node with its filters and its grouping; what it answers is unwrapped. */
function compileWhole(node: Ast, compile: Compile): Evaluator {
  const evaluate = compileNode(node, compile);
  const filters = (node.predicate ?? []).map((stage) => compileFilter(stage, compile));
  const group = node.type === 'path' || node.group === undefined ? undefined : compileGroup(node.group, compile);
  const keepArray = node.keepArray === true;
  const cost = costOf(node);
  if (filters.length > 0 || group !== undefined) {
    return (input, frame) => {
      const { run } = frame;
      run.enter(cost);
      let value = evaluate(input, frame);
      for (const filter of filters) value = filter(value, frame);
      if (group !== undefined) value = group(value, frame);
      run.leave();
      return unwrap(value, keepArray);
    };
  }
  // These go no deeper: whoever evaluates them has paid for them, or they pay for themselves.
  if (isLiteral(node) && !keepArray) return evaluate;
  if (isReference(node)) return (input, frame) => unwrap(evaluate(input, frame), keepArray);
  if (isNeverSequence(node)) {
    return (input, frame) => {
      const { run } = frame;
      run.enter(cost);
      const value = evaluate(input, frame);
      run.leave();
      return value;
    };
  }
  return (input, frame) => {
    const { run } = frame;
    run.enter(cost);
    const value = evaluate(input, frame);
    run.leave();
    return unwrap(value, keepArray);
  };
}

/** Steps of a node: itself, and what is written in it, since that may be literals and variables. */
function costOf(node: Ast): number {
  if (node.type === 'block' || (node.type === 'unary' && node.value === '[')) return 1 + node.expressions.length;
  if (node.type === 'function' || node.type === 'partial') return 1 + node.arguments.length;
  return 1;
}

function isLiteral({ type }: Ast): boolean {
  return type === 'string' || type === 'number' || type === 'value';
}

function isReference(node: Ast): boolean {
  return node.type === 'variable' || node.type === 'name' || isPathOfNames(node);
}

function isNeverSequence(node: Ast): boolean {
  return (node.type === 'binary' && node.value !== '..') || (node.type === 'unary' && node.value !== '[');
}

function compileNode(node: Ast, compile: Compile): Evaluator {
  switch (node.type) {
    case 'path':
      return compilePath(node, compile);
    case 'binary':
      return compileBinary(node, compile);
    case 'unary':
      return compileUnary(node, compile);
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
      return compileCondition(node, compile);
    case 'block':
      return compileBlock(node.expressions, compile);
    case 'bind':
      return compileBind(node, compile);
    case 'regex':
      return compileRegexLiteral(node, compile);
    case 'variable':
      return compileVariable(node.value, compile);
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

function compileUnary(node: Ast & { type: 'unary' }, compile: Compile): Evaluator {
  switch (node.value) {
    case '-':
      return compileNegation(node, compile);
    case '[':
      return compileArray(node.expressions, node.consarray === true, compile);
    default:
      return compileObject(node, compile);
  }
}
