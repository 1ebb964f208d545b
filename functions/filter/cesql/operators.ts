import type { LogicOperator, MathOperator, OrderOperator } from './expression.ts';
import { useCharacters } from './functions.ts';
import { castTo, fail, maximumInteger, minimumInteger, typeOf, type Evaluation, type Value } from './value.ts';

/** A compiled expression; after an error its value is the zero value of its type. */
export type Closure<T extends Value = Value> = (evaluation: Evaluation) => T;

export function logic(operator: LogicOperator, left: Closure<boolean>, right: Closure<boolean>): Closure<boolean> {
  switch (operator) {
    case 'AND':
      return (evaluation) =>
        left(evaluation) && evaluation.error === undefined && right(evaluation) && evaluation.error === undefined;
    case 'OR':
      return (evaluation) => {
        const value = left(evaluation);
        if (evaluation.error !== undefined) return false;
        return value || (right(evaluation) && evaluation.error === undefined);
      };
    default:
      return (evaluation) => {
        const first = left(evaluation);
        if (evaluation.error !== undefined) return false;
        return first !== right(evaluation) && evaluation.error === undefined;
      };
  }
}

/** `=` exists for three types: the right operand's type chooses, the left one is cast to it (spec §3.7). */
export function equality(first: Closure, second: Closure, negated: boolean): Closure<boolean> {
  return (evaluation) => {
    const value = first(evaluation);
    if (evaluation.error !== undefined) return false;
    const wanted = second(evaluation);
    if (evaluation.error !== undefined) return false;
    if (typeof value === typeof wanted) return (value === wanted) !== negated;
    const equal = castTo[typeOf(wanted)](value, evaluation) === wanted;
    return evaluation.error === undefined && equal !== negated;
  };
}

export function order(operator: OrderOperator, left: Closure<number>, right: Closure<number>): Closure<boolean> {
  const compare = comparisons[operator];
  return (evaluation) => {
    const first = left(evaluation);
    if (evaluation.error !== undefined) return false;
    const second = right(evaluation);
    return evaluation.error === undefined && compare(first, second);
  };
}

const comparisons: Readonly<Record<OrderOperator, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

export function math(operator: MathOperator, left: Closure<number>, right: Closure<number>): Closure<number> {
  const compute = operations[operator];
  const divides = operator === '/' || operator === '%';
  return (evaluation) => {
    const first = left(evaluation);
    if (evaluation.error !== undefined) return 0;
    const second = right(evaluation);
    if (evaluation.error !== undefined) return 0;
    if (divides && second === 0) return fail(evaluation, 'math', 'An Integer was divided by zero.', 0);
    return fit(compute(first, second), evaluation);
  };
}

/** Doubles hold every sum and quotient of 32-bit integers exactly, and every product closely enough to see overflow. */
const operations: Readonly<Record<MathOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => Math.trunc(left / right),
  '%': (left, right) => left % right,
};

/** The specification gives no result outside of 32 bits: to wrap around in silence could let a wrong event pass. */
export function fit(value: number, evaluation: Evaluation): number {
  if (value >= minimumInteger && value <= maximumInteger) return value + 0;
  return fail(evaluation, 'math', 'The result does not fit into 32 bits.', 0);
}

export function like(operand: Closure<string>, matches: (text: string) => boolean, negated: boolean): Closure<boolean> {
  return (evaluation) => {
    const text = useCharacters(operand(evaluation), evaluation);
    return evaluation.error === undefined && matches(text) !== negated;
  };
}

/** Like `=`, but the left operand's type is the one that elements are cast to (spec §3.4.5). */
export function membership(operand: Closure, set: readonly Closure[], negated: boolean): Closure<boolean> {
  return (evaluation) => {
    const value = operand(evaluation);
    if (evaluation.error !== undefined) return false;
    const cast = castTo[typeOf(value)];
    for (const element of set) {
      const candidate = element(evaluation);
      if (evaluation.error !== undefined) return false;
      const equal = cast(candidate, evaluation) === value;
      if (evaluation.error !== undefined) return false;
      if (equal) return !negated;
    }
    return negated;
  };
}
