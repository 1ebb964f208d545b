import library from 'jsonata';
import { TulleError } from '../../event/error.ts';
import type { StepContext } from './define-transformer.ts';
import { type Budget, newBudget } from './jsonata-budget.ts';
import { boundRegExp } from './jsonata-regex.ts';
import { checkSyntax } from './jsonata-syntax.ts';
import { boundFunctions, type Frame } from './jsonata-functions.ts';

export type BoundedExpression = (input: unknown, context: StepContext) => Promise<unknown>;

/**
 * Compiles a JSONata expression that nobody trusts. Its evaluation is bounded by fuel and by sizes, never by time
 * (the clock of Workers stands still while code runs): every step of evaluation costs one, and what a step goes
 * through costs by its size. `$now`, `$millis` and `$random` are the context's, `$eval` does not exist.
 * @throws TulleError `step_invalid`; the evaluation rejects with `step_failed` or `fuel_exhausted`
 */
export function compileBounded(source: string): BoundedExpression {
  const expression = parse(source);
  const syntax = checkSyntax(expression.ast());
  // One expression evaluates several events at once, so that what belongs to one evaluation hangs on its frame.
  const budgets = new WeakMap<object, Budget>();
  hook(expression, '__evaluate_entry', (_node, _input, { base }) => {
    let budget = budgets.get(base);
    if (!budget) {
      const context = base.lookup(contextName) as StepContext;
      budget = newBudget(context.fuel);
      budgets.set(base, budget);
      boundFunctions(base, syntax.names, budget, context);
      base.RegexEngine = boundRegExp(syntax.regexes, budget);
    }
    budget.step();
  });
  hook(expression, '__evaluate_exit', (node, _input, { base }, result) => {
    budgets.get(base)?.result(result, syntax.measured.has(node));
  });
  return async (input, context) => {
    try {
      return await expression.evaluate(input, { [contextName]: context });
    } catch (error) {
      throw evaluationError(error);
    }
  };
}

// No expression can say this name.
const contextName = '\u0000context';

// Depth of nested evaluations; a call in an expression takes about five. They lie on the heap, each about 1 KB.
const stackLimit = 1000;
export const sequenceLimit = 10_000;

function parse(source: string): library.Expression {
  try {
    return library(source, { stack: stackLimit, sequence: sequenceLimit });
  } catch (error) {
    const { message, position } = describe(error);
    throw new TulleError('step_invalid', `The expression cannot be compiled: ${message}`, {
      place: `/jsonata${position}`,
      mend: 'Correct the expression there; the language is JSONata 2 (https://docs.jsonata.org).',
      cause: error,
    });
  }
}

type Hook = (node: object, input: unknown, environment: { readonly base: Frame }, result?: unknown) => void;

/** The library looks its hooks up by symbol; its types know names only. No expression can name a symbol. */
function hook(expression: library.Expression, name: string, run: Hook): void {
  (expression.assign as unknown as (name: symbol, value: unknown) => void)(Symbol.for(`jsonata.${name}`), run);
}

function evaluationError(error: unknown): TulleError {
  const { message, position, code } = describe(error);
  const place = `/jsonata${position}`;
  if (TulleError.is(error)) {
    return new TulleError(error.code, error.message, { place, ...(error.mend ? { mend: error.mend } : {}) });
  }
  // D1011 is the depth, D2014 and D2015 the length of a sequence.
  if (code === 'D1011' || code === 'D2014' || code === 'D2015') {
    const what = code === 'D1011' ? 'calls itself too often' : `makes more than ${sequenceLimit} values at once`;
    return new TulleError('fuel_exhausted', `The expression ${what}`, {
      place,
      mend: 'Make the expression do less, or spread it over several events.',
    });
  }
  return new TulleError('step_failed', message, {
    place,
    mend: 'Test the rule with such an event; $exists() and ?: guard what may be missing.',
  });
}

/** The library throws objects `{ code, position, token, value, message }`, with data of the event in the message. */
function describe(error: unknown): { code: string; message: string; position: string } {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const { code, position } = fields;
  const known = typeof code === 'string' && typeof fields['message'] === 'string';
  let message = known ? String(fields['message']) : 'the expression is nested too deeply or malformed';
  // Syntax errors quote the expression; what others quote is data, which no message may carry.
  const quoted = typeof code === 'string' && code.startsWith('S') ? [] : ['value', 'value2', 'exp'];
  for (const name of quoted) {
    const data = name in fields ? JSON.stringify(fields[name]) : undefined;
    const at = data ? message.lastIndexOf(data) : -1;
    if (data && at >= 0) message = `${message.slice(0, at)}…${message.slice(at + data.length)}`;
  }
  return {
    code: typeof code === 'string' ? code : '',
    message: message.slice(0, 256),
    position: typeof position === 'number' ? `:${position}` : '',
  };
}
