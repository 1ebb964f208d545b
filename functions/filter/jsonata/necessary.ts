import type { Ast } from '../../jsonata/syntax.ts';
import type { Condition, ValueTest } from '../condition.ts';

/**
 * A condition that every event meets for which the expression is true, or `undefined` where none is known: it lets
 * the index leave out most rules without an evaluation. A comparison of a path with a literal can only be true of a
 * value that is there.
 */
export function necessary(node: Ast): Condition | undefined {
  if (node.group !== undefined || node.predicate !== undefined) return undefined;
  if (node.type === 'block') {
    const [only] = node.expressions;
    return node.expressions.length === 1 && only !== undefined ? necessary(only) : undefined;
  }
  if (node.type !== 'binary') return undefined;
  const { value: operator, lhs, rhs } = node;
  if (operator === 'and' || operator === 'or') return joined(operator, necessary(lhs), necessary(rhs));
  if (operator === 'in') return test(lhs, rhs, elementTests);
  const testsOf = (literal: Ast): ValueTest[] | undefined => literalTests(operator, literal);
  return test(lhs, rhs, testsOf) ?? test(rhs, lhs, testsOf);
}

function joined(
  operator: 'and' | 'or',
  left: Condition | undefined,
  right: Condition | undefined,
): Condition | undefined {
  if (left !== undefined && right !== undefined) return { kind: operator === 'and' ? 'all' : 'any', of: [left, right] };
  return operator === 'and' ? (left ?? right) : undefined;
}

function test(path: Ast, literal: Ast, testsOf: (literal: Ast) => ValueTest[] | undefined): Condition | undefined {
  const names = namesOf(path);
  const any = names === undefined ? undefined : testsOf(literal);
  return names === undefined || any === undefined
    ? undefined
    : { kind: 'fields', fields: [{ path: names.join('.'), any }] };
}

/** `data.order.id`, also with `$` or `$$` before it. */
function namesOf(node: Ast): string[] | undefined {
  if (node.type !== 'path' || node.group !== undefined || node.tuple === true) return undefined;
  const [first, ...rest] = node.steps;
  const steps =
    first?.type === 'variable' && (first.value === '' || first.value === '$') && isPlain(first) ? rest : node.steps;
  const names = steps.flatMap((step) => (step.type === 'name' && isPlain(step) ? [step.value] : []));
  return names.length === steps.length && names.length > 0 ? names : undefined;
}

function isPlain({ stages, predicate, group, focus, index }: Ast): boolean {
  return (
    stages === undefined && predicate === undefined && group === undefined && focus === undefined && index === undefined
  );
}

/** Numbers are asked to be there only: the index tells those beyond a double apart, which JSONata does not. */
function literalTests(operator: string, node: Ast): ValueTest[] | undefined {
  const isLiteral = node.type === 'string' || node.type === 'number' || node.type === 'value';
  if (!isLiteral || node.predicate !== undefined) return undefined;
  if (operator === '=' && typeof node.value !== 'number') return [{ op: 'equals', value: node.value }];
  return ['=', '<', '<=', '>', '>='].includes(operator) ? [{ op: 'exists' }] : undefined;
}

/** `in ["a", "b"]` */
function elementTests(list: Ast): ValueTest[] | undefined {
  if (list.type !== 'unary' || list.value !== '[') return literalTests('=', list);
  const tests = list.expressions.map((element) => literalTests('=', element));
  return list.expressions.length > 0 && tests.every((one) => one !== undefined) ? tests.flat() : undefined;
}
