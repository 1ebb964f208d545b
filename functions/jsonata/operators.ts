import { located } from './callable.ts';
import { JsonataError } from './error.ts';
import type { Compile, Evaluator } from './evaluator.ts';
import type { Run } from './run.ts';
import type { Sequence } from './sequence.ts';
import type { Ast } from './syntax.ts';
import { toText } from './text.ts';
import { isEqual, isNumeric, isTrue } from './values.ts';

export function compileBinary(node: Ast & { type: 'binary' }, compile: Compile): Evaluator {
  const { value: operator, position } = node;
  const left = compile(node.lhs);
  const right = compile(node.rhs);
  switch (operator) {
    case 'and':
      return (input, frame) => isTrue(left(input, frame), frame.run) && isTrue(right(input, frame), frame.run);
    case 'or':
      return (input, frame) => isTrue(left(input, frame), frame.run) || isTrue(right(input, frame), frame.run);
    case '=':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        return first !== undefined && second !== undefined && isEqual(first, second, frame.run);
      };
    case '!=':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        return first !== undefined && second !== undefined && !isEqual(first, second, frame.run);
      };
    case 'in':
      return (input, frame) => includes(left(input, frame), right(input, frame), frame.run);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        if (Number.isFinite(first) && Number.isFinite(second))
          return calculate(operator, first as number, second as number);
        return checkOperands(first, second, operator, position);
      };
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (input, frame) => {
        const first = left(input, frame);
        const second = right(input, frame);
        if (typeof first === 'number' && typeof second === 'number') return holds(operator, first, second);
        if (typeof first === 'string' && typeof second === 'string') return holds(operator, first, second);
        return checkComparable(first, second, operator, position);
      };
    case '&':
      return (input, frame) => concatenate(left(input, frame), right(input, frame), frame.run, position);
    case '..':
      return (input, frame) => range(left(input, frame), right(input, frame), frame.run, position);
    default:
      throw new JsonataError('S0204', 'There is no such operator', position, operator);
  }
}

export function compileNegation(node: Ast & { type: 'unary'; value: '-' }, compile: Compile): Evaluator {
  const operand = compile(node.expression);
  return (input, frame) => {
    const value = operand(input, frame);
    if (value === undefined) return undefined;
    if (isNumeric(value)) return -value;
    throw new JsonataError('D1002', 'What is negated is not a number', node.position, '-');
  };
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}

/** Throws unless one of the sides is nothing, and the other one is a number or nothing too; then the result is nothing. */
function checkOperands(left: unknown, right: unknown, operator: string, position: number | undefined): undefined {
  try {
    if (left !== undefined && !isNumeric(left)) throw new JsonataError('T2001', 'The left side is not a number');
    if (right !== undefined && !isNumeric(right)) throw new JsonataError('T2002', 'The right side is not a number');
  } catch (error) {
    throw located(error, operator, position);
  }
}

function holds<Value extends number | string>(operator: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

/** The same for comparisons, which take numbers and strings. */
function checkComparable(left: unknown, right: unknown, operator: string, position: number | undefined): undefined {
  if (!isComparable(left) || !isComparable(right)) {
    throw new JsonataError('T2010', 'What is compared is neither a number nor a string', position, operator);
  }
  if (left === undefined || right === undefined) return undefined;
  throw new JsonataError('T2009', 'A number is compared with a string', position, operator);
}

function isComparable(value: unknown): value is string | number | undefined {
  return value === undefined || typeof value === 'string' || typeof value === 'number';
}

function concatenate(left: unknown, right: unknown, run: Run, position: number | undefined): string {
  const first = textOf(left, run, position);
  const second = textOf(right, run, position);
  run.textOf(first.length + second.length);
  return first + second;
}

function textOf(value: unknown, run: Run, position: number | undefined): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  try {
    return toText(value, run);
  } catch (error) {
    throw located(error, '&', position);
  }
}

function range(first: unknown, last: unknown, run: Run, position: number | undefined): Sequence | undefined {
  if (first !== undefined && !Number.isInteger(first))
    throw new JsonataError('T2003', 'The left side is not an integer', position, '..');
  if (last !== undefined && !Number.isInteger(last))
    throw new JsonataError('T2004', 'The right side is not an integer', position, '..');
  if (first === undefined || last === undefined) return undefined;
  const start = first as number;
  const size = (last as number) - start + 1;
  if (size <= 0) return undefined;
  if (size > 1e7) throw new JsonataError('D2014', 'The range has more than ten million values', position, '..');
  try {
    run.values(size);
  } catch (error) {
    throw located(error, '..', position);
  }
  const values: Sequence = Array.from({ length: size }, (_, index) => start + index);
  values.sequence = true;
  return values;
}

function includes(value: unknown, list: unknown, run: Run): boolean {
  if (value === undefined || list === undefined) return false;
  if (!Array.isArray(list)) return list === value;
  run.spend(list.length);
  return list.includes(value);
}
