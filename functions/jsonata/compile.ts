import { compileApply, compileCall, compileLambda, compilePartial } from './calls.ts';
import { compileArray, compileBind, compileBlock, compileCondition } from './constructs.ts';
import { JsonataError } from './error.ts';
import type { Evaluator } from './evaluator.ts';
import { compileFilter } from './filters.ts';
import { compileGroup } from './group.ts';
import { compileBinary, compileNegation } from './operators.ts';
import { compilePath } from './path.ts';
import { compileRegexLiteral } from './regex-literal.ts';
import { compileDescendants, compileParent, compileVariable, compileWildcard } from './selectors.ts';
import { unwrap } from './sequence.ts';
import type { Ast } from './syntax.ts';
import { compileTransform } from './transform.ts';
import { lookup } from './values.ts';

/** Compiles a node with its filters and its grouping to a closure; what it answers is unwrapped. */
export function compile(node: Ast): Evaluator {
  const evaluate = compileNode(node);
  const filters = (node.predicate ?? []).map((stage) => compileFilter(stage, compile));
  const group = node.type === 'path' || node.group === undefined ? undefined : compileGroup(node.group, compile);
  const keepArray = node.keepArray === true;
  const isPlain = filters.length === 0 && group === undefined;
  // Literals, variables and names go no deeper: whoever evaluates them has paid for them.
  if (isPlain && !keepArray && isLiteral(node)) return evaluate;
  if (isPlain && !keepArray && isReference(node)) return (input, frame) => unwrap(evaluate(input, frame), false);
  if (isPlain) {
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

function isLiteral({ type }: Ast): boolean {
  return type === 'string' || type === 'number' || type === 'value';
}

function isReference({ type }: Ast): boolean {
  return type === 'variable' || type === 'name';
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
      return compileCondition(node, compile);
    case 'block':
      return compileBlock(node.expressions, compile);
    case 'bind':
      return compileBind(node, compile);
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
      return compileArray(node.expressions, node.consarray === true, compile);
    default:
      // An object constructor groups the one value that it is evaluated on.
      return compileGroup(
        { lhs: node.lhs, ...(node.position === undefined ? {} : { position: node.position }) },
        compile,
      );
  }
}
