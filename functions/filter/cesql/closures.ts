import type { Expression } from './expression.ts';
import { findFunction, functionNames, useCharacters, type CesqlFunction } from './functions.ts';
import { compileLike } from './like.ts';
import { equality, fit, like, logic, math, membership, order, type Closure } from './operators.ts';
import {
  castTo,
  fail,
  maximumInteger,
  minimumInteger,
  typeOf,
  zeroValue,
  type Evaluation,
  type Type,
  type Value,
} from './value.ts';

/**
 * Turns a syntax tree into closures. An operator or function whose operand met an error answers the zero value of its
 * own result type and evaluates nothing further (spec §3.2, §4.1).
 */
export function compileExpression(expression: Expression): Closure {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'attribute':
      return attribute(expression.name);
    case 'exists': {
      const { name } = expression;
      return ({ attributes }) => Object.hasOwn(attributes, name) && attributes[name] != null;
    }
    case 'not': {
      const operand = compileOperand(expression.operand, 'boolean');
      return (evaluation) => !operand(evaluation) && evaluation.error === undefined;
    }
    case 'negate': {
      const operand = compileOperand(expression.operand, 'integer');
      return (evaluation) => {
        const value = operand(evaluation);
        return evaluation.error === undefined ? fit(-value, evaluation) : 0;
      };
    }
    case 'logic':
      return logic(
        expression.operator,
        compileOperand(expression.left, 'boolean'),
        compileOperand(expression.right, 'boolean'),
      );
    case 'equality':
      return equality(compileExpression(expression.left), compileExpression(expression.right), expression.negated);
    case 'order':
      return order(
        expression.operator,
        compileOperand(expression.left, 'integer'),
        compileOperand(expression.right, 'integer'),
      );
    case 'math':
      return math(
        expression.operator,
        compileOperand(expression.left, 'integer'),
        compileOperand(expression.right, 'integer'),
      );
    case 'like':
      return like(compileOperand(expression.operand, 'string'), compileLike(expression.pattern), expression.negated);
    case 'in':
      return membership(
        compileExpression(expression.operand),
        expression.set.map(compileExpression),
        expression.negated,
      );
    default:
      return call(expression.name, expression.args);
  }
}

/** The types that an operand can only have, where the syntax tells; an attribute's type is known at evaluation only. */
export function staticType(expression: Expression): Type | undefined {
  switch (expression.kind) {
    case 'literal':
      return typeOf(expression.value);
    case 'attribute':
      return undefined;
    case 'negate':
    case 'math':
      return 'integer';
    case 'call':
      return findFunction(expression.name, expression.args.length)?.result ?? 'boolean';
    default:
      return 'boolean';
  }
}

function attribute(name: string): Closure {
  return (evaluation) => {
    const value = Object.hasOwn(evaluation.attributes, name) ? evaluation.attributes[name] : undefined;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      const isInteger = value >= minimumInteger && value <= maximumInteger && Number.isInteger(value);
      // What is none of the three types is represented as a String (spec §3.2).
      return isInteger ? value : String(value);
    }
    // The type of a missing attribute is not known, and then it is Boolean.
    return fail(evaluation, 'missingAttribute', `The event has no attribute "${name}".`, false);
  };
}

type NativeType = { string: string; integer: number; boolean: boolean };

function compileOperand<T extends Type>(expression: Expression, type: T): Closure<NativeType[T]> {
  const operand = compileExpression(expression);
  if (staticType(expression) === type) return operand as Closure<NativeType[T]>;
  const cast = castTo[type] as (value: Value, evaluation: Evaluation) => NativeType[T];
  const zero = zeroValue[type] as NativeType[T];
  return (evaluation) => {
    const value = operand(evaluation);
    return evaluation.error === undefined ? cast(value, evaluation) : zero;
  };
}

function call(name: string, args: readonly Expression[]): Closure {
  const definition = findFunction(name, args.length);
  if (definition === undefined) {
    const message = `There is no function ${name} with ${args.length} arguments; there are ${functionNames().join(', ')}.`;
    return (evaluation) => fail(evaluation, 'missingFunction', message, false);
  }
  const operands = args.map((arg, index) => compileOperand(arg, parameterType(definition, index)));
  const { result, call: run } = definition;
  const zero = zeroValue[result];
  return (evaluation) => {
    const values: Value[] = [];
    for (const operand of operands) {
      const value = operand(evaluation);
      if (typeof value === 'string') useCharacters(value, evaluation);
      // A cast function answers what the cast answered, which after an error is its zero value.
      if (evaluation.error !== undefined) return zero;
      values.push(value);
    }
    return run === undefined ? values[0]! : run(values, evaluation);
  };
}

function parameterType(definition: CesqlFunction, index: number): Type {
  return definition.parameters[index] ?? definition.rest ?? 'string';
}
