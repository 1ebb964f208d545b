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
  if (operator === 'and')
    return (input, frame) => isTrue(left(input, frame), frame.run) && isTrue(right(input, frame), frame.run);
  if (operator === 'or')
    return (input, frame) => isTrue(left(input, frame), frame.run) || isTrue(right(input, frame), frame.run);
  const apply = operators[operator];
  if (apply === undefined) throw new JsonataError('S0204', 'There is no such operator', position, operator);
  return (input, frame) => {
    const first = left(input, frame);
    const second = right(input, frame);
    return located(operator, position, () => apply(first, second, frame.run));
  };
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

type Operator = (left: unknown, right: unknown, run: Run) => unknown;

const operators: Readonly<Record<string, Operator>> = {
  __proto__: null as never,
  '+': arithmetic((left, right) => left + right),
  '-': arithmetic((left, right) => left - right),
  '*': arithmetic((left, right) => left * right),
  '/': arithmetic((left, right) => left / right),
  '%': arithmetic((left, right) => left % right),
  '=': (left, right, run) => left !== undefined && right !== undefined && isEqual(left, right, run),
  '!=': (left, right, run) => left !== undefined && right !== undefined && !isEqual(left, right, run),
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
  '&': concatenate,
  '..': range,
  in: includes,
};

function arithmetic(compute: (left: number, right: number) => number): Operator {
  return (left, right) => {
    if (left !== undefined && !isNumeric(left)) throw new JsonataError('T2001', 'The left side is not a number');
    if (right !== undefined && !isNumeric(right)) throw new JsonataError('T2002', 'The right side is not a number');
    return left === undefined || right === undefined ? undefined : compute(left, right);
  };
}

function comparison(holds: (left: string | number, right: string | number) => boolean): Operator {
  return (left, right) => {
    if (!isComparable(left) || !isComparable(right)) {
      throw new JsonataError('T2010', 'What is compared is neither a number nor a string');
    }
    if (left === undefined || right === undefined) return undefined;
    if (typeof left !== typeof right) throw new JsonataError('T2009', 'A number is compared with a string');
    return holds(left, right);
  };
}

function isComparable(value: unknown): value is string | number | undefined {
  return value === undefined || typeof value === 'string' || typeof value === 'number';
}

function concatenate(left: unknown, right: unknown, run: Run): string {
  const first = left === undefined ? '' : toText(left, run);
  const second = right === undefined ? '' : toText(right, run);
  run.textOf(first.length + second.length);
  return first + second;
}

function range(first: unknown, last: unknown, run: Run): Sequence | undefined {
  if (first !== undefined && !Number.isInteger(first))
    throw new JsonataError('T2003', 'The left side is not an integer');
  if (last !== undefined && !Number.isInteger(last))
    throw new JsonataError('T2004', 'The right side is not an integer');
  if (first === undefined || last === undefined) return undefined;
  const start = first as number;
  const size = (last as number) - start + 1;
  if (size <= 0) return undefined;
  if (size > 1e7) throw new JsonataError('D2014', 'The range has more than ten million values');
  run.values(size);
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
