import { TulleError } from '../../event/error.ts';
import { compileExpression } from './compile.ts';
import { FuelExhausted, JsonataError, longestSaid } from './error.ts';
import type { Evaluator } from './evaluator.ts';
import { newFrame } from './frame.ts';
import { builtIns } from './library/library.ts';
import { callsOf, parse, textsOf } from './parse.ts';
import { toPlain } from './result.ts';
import { defaultLimits, Run, type Limits } from './run.ts';
import { newSequence, type Sequence } from './sequence.ts';
import type { Ast } from './syntax.ts';
import { isTrue } from './values.ts';

export interface JsonataOptions {
  /** The code of the error when the text does not compile. */
  readonly invalid?: 'step_invalid' | 'filter_invalid';
  /** Built-in functions that the expression may not use, with the reason; there is never an `$eval`. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Differences from `defaultLimits`; `fuel` can also be given to each evaluation. */
  readonly limits?: Partial<Limits>;
}

export interface JsonataContext {
  /** Milliseconds since 1970: what `$now()` and `$millis()` answer. */
  readonly now: number;
  /** Numbers from 0 to below 1 for `$random()` and `$shuffle()`. */
  readonly random: () => number;
  /** Variables: JSON values by name without `$`. */
  readonly bindings?: Readonly<Record<string, unknown>>;
  readonly fuel?: number;
  /** Told how much of the fuel was used, also where it was not enough. */
  readonly spent?: (fuel: number) => void;
}

export interface CompiledJsonata {
  /**
   * Evaluates on a JSON value, which it never changes. Answers a JSON value that shares with the input what it did not
   * make, or `undefined` for nothing. Throws `TulleError` `step_failed` with the code of JSONata in the message, or
   * `fuel_exhausted` when the expression needs more than it may use.
   */
  evaluate(input: unknown, context: JsonataContext): unknown;
  /** The effective boolean value (`$boolean`) of what `evaluate` answers; nothing is false. Throws the same. */
  test(input: unknown, context: JsonataContext): boolean;
}

/**
 * Compiles JSONata 2 to closures that run at once and end: bounded by steps, depth and sizes, never by time. Its
 * regular expressions take linear time, it sees own members of objects only, and there is no `$eval`. Throws
 * `step_invalid` (or what `invalid` says) with `place` = `expression:position`.
 */
export function compileJsonata(text: string, options: JsonataOptions = {}): CompiledJsonata {
  const { invalid = 'step_invalid' } = options;
  const evaluate = compileOrRefuse(invalid, text, { ...options.refused, ...never });
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const start = (input: unknown, context: JsonataContext): Run =>
    new Run(limits, context.fuel ?? limits.fuel, input, builtIns, context);
  const valueOn = (input: unknown, run: Run): unknown => evaluate(wrapped(input), newFrame(run, undefined, [], []));
  return {
    evaluate(input, context) {
      const run = start(input, context);
      try {
        return toPlain(valueOn(input, run), run);
      } catch (error) {
        throw toTulleError(error, 'step_failed', text);
      } finally {
        context.spent?.(run.spent);
      }
    },
    test(input, context) {
      try {
        const run = start(input, context);
        return isTrue(valueOn(input, run), run);
      } catch (error) {
        throw toTulleError(error, 'step_failed', text);
      }
    },
  };
}

/** Code that comes with the data cannot be looked through before it runs. */
const never = { eval: 'write the expression itself' } as const;

function compileOrRefuse(
  invalid: 'step_invalid' | 'filter_invalid',
  text: string,
  refused: Readonly<Record<string, string>>,
): Evaluator {
  try {
    return compileExpression(parseAllowed(text, refused));
  } catch (error) {
    throw toTulleError(error, invalid, text);
  }
}

function parseAllowed(text: string, refused: Readonly<Record<string, string>>): Ast {
  const ast = parse(text);
  const [call] = callsOf(ast, Object.keys(refused));
  if (call === undefined) return ast;
  throw new JsonataError('S0500', `There is no $${call.name} here: ${refused[call.name]!}`, call.position);
}

/** An array as the input is one value: it is not taken apart before the expression says so. */
function wrapped(input: unknown): unknown {
  if (!Array.isArray(input)) return input;
  const wrapper: Sequence = newSequence();
  wrapper.push(input);
  wrapper.wrapper = true;
  return wrapper;
}

/** @param text of the expression */
function toTulleError(error: unknown, code: 'step_invalid' | 'filter_invalid' | 'step_failed', text: string): unknown {
  const exhausted = code === 'step_failed' ? 'fuel_exhausted' : code;
  const useLess = 'Do less in one expression: filter before you map, and split it into several steps.';
  if (error instanceof FuelExhausted) return new TulleError(exhausted, error.message, { mend: useLess, cause: error });
  if (isStackOverflow(error)) {
    return new TulleError(exhausted, 'The expression is nested too deep.', { mend: useLess, cause: error });
  }
  if (!(error instanceof JsonataError)) return error;
  const token = error.token === undefined || error.token === '' ? '' : ` (at ${error.token})`;
  const { said } = error;
  const isShown = said === undefined || standsIn(text, said);
  return new TulleError(code, `${error.code}: ${isShown ? (said ?? error.message) : withheld}${token}`, {
    ...(error.position === undefined ? {} : { place: `expression:${error.position}` }),
    mend:
      code === 'step_failed'
        ? 'Test the expression with such an event; $exists() and the operators ?: and ?? guard what may be missing.'
        : 'Correct the expression there; the language is JSONata 2 (https://docs.jsonata.org).',
    ...(isShown ? { cause: error } : {}),
  });
}

const withheld = 'The message is made while the expression runs, and not shown because it may hold data';

/** Whether a text is one that the expression holds as it is. */
function standsIn(expression: string, text: string): boolean {
  return textsOf(parse(expression)).some((literal) => literal.slice(0, longestSaid) === text);
}

/** Engines differ in the name of the error; none of them says more than its message. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message);
}
