import { compileExpression } from './closures.ts';
import type { Expression } from './expression.ts';
import { findFunction } from './functions.ts';
import { parseCesql } from './parser.ts';
import type { CesqlError, Evaluation, Value } from './value.ts';

/** A compiled expression of CloudEvents SQL 1.0 (https://github.com/cloudevents/spec, `cesql/spec.md`). */
export interface CompiledCesql {
  /**
   * Evaluates over the context attributes of one event: strings, numbers and booleans by lower-case name; `null` and
   * `undefined` count as missing. Never throws. Evaluation stops at the first error, so that `errors` has one at most,
   * and the value is then the zero value of the outermost operator.
   */
  evaluate(attributes: Readonly<Record<string, unknown>>): CesqlResult;
  /** The attributes that the expression names, in lower case, each once, in order of appearance. */
  readonly attributes: readonly string[];
  /** Calls that no built-in function answers; each of them evaluates to a `missingFunction` error. */
  readonly missingFunctions: readonly { readonly name: string; readonly count: number; readonly column: number }[];
}

export interface CesqlResult {
  readonly value: Value;
  readonly errors: readonly CesqlError[];
}

/** Characters that one evaluation may read or build: four times the largest event. */
const characterBudget = 4 * 1024 * 1024;

/**
 * Compiles CloudEvents SQL to closures. Throws `filter_invalid` with `place` = `expression:column` for a ParseError.
 *
 * ```ts
 * const compiled = compileCesql("type LIKE 'user.%' AND EXISTS region");
 * compiled.evaluate({ type: 'user.created', region: 'eu' }); // { value: true, errors: [] }
 * ```
 */
export function compileCesql(text: string): CompiledCesql {
  return compileParsedCesql(parseCesql(text));
}

/** The second half of `compileCesql`, for whoever looks at the syntax tree as well. */
export function compileParsedCesql(expression: Expression): CompiledCesql {
  const run = compileExpression(expression);
  const names = new Set<string>();
  const missingFunctions: CompiledCesql['missingFunctions'][number][] = [];
  visit(expression, (node) => {
    if (node.kind === 'attribute' || node.kind === 'exists') names.add(node.name);
    if (node.kind === 'call' && findFunction(node.name, node.args.length) === undefined) {
      missingFunctions.push({ name: node.name, count: node.args.length, column: node.column });
    }
  });
  return {
    attributes: [...names],
    missingFunctions,
    evaluate(attributes) {
      const evaluation: Evaluation = { attributes, error: undefined, charactersLeft: characterBudget };
      const value = run(evaluation);
      return { value, errors: evaluation.error === undefined ? noErrors : [evaluation.error] };
    },
  };
}

const noErrors: readonly CesqlError[] = Object.freeze([]);

function visit(expression: Expression, see: (node: Expression) => void): void {
  see(expression);
  switch (expression.kind) {
    case 'not':
    case 'negate':
    case 'like':
      visit(expression.operand, see);
      break;
    case 'in':
      visit(expression.operand, see);
      for (const element of expression.set) visit(element, see);
      break;
    case 'call':
      for (const arg of expression.args) visit(arg, see);
      break;
    case 'logic':
    case 'equality':
    case 'order':
    case 'math':
      visit(expression.left, see);
      visit(expression.right, see);
      break;
    default:
  }
}
