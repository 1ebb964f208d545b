import { JsonataError } from './error.ts';
import type { Run } from './run.ts';
import type { Signature } from './signature.ts';

/**
 * A function of the language: lambda, built-in, regular expression or what became of one. `input` is the context that
 * may stand in for a missing first argument.
 */
export interface Callable {
  (args: readonly unknown[], input: unknown, run: Run): unknown;
  /** How many arguments it can use; higher-order functions pass no more. */
  arity: number;
}

/** A call in tail position, put off until the function that asked for it has returned: tail calls take no depth. */
export class TailCall {
  readonly name: string;
  readonly position: number | undefined;
  readonly resume: () => { callee: unknown; args: readonly unknown[] };

  constructor(name: string, position: number | undefined, resume: TailCall['resume']) {
    this.name = name;
    this.position = position;
    this.resume = resume;
  }
}

export function isCallable(value: unknown): value is Callable {
  return typeof value === 'function';
}

/** Makes a function of `body`, which becomes the callable itself: give a closure of its own each time. */
export function callable(
  arity: number,
  body: (args: readonly unknown[], input: unknown, run: Run) => unknown,
  signature?: Signature,
): Callable {
  const result = (
    signature === undefined
      ? body
      : (args: readonly unknown[], input: unknown, run: Run) => body(signature.check(args, input, run), input, run)
  ) as Callable;
  result.arity = arity;
  return result;
}

/** Calls, and goes on with what the callee left as its tail call. */
export function apply(callee: unknown, args: readonly unknown[], input: unknown, run: Run): unknown {
  let result = invoke(callee, args, input, run);
  while (result instanceof TailCall) {
    run.spend(1);
    const { name, position, resume } = result;
    const { callee: next, args: values } = resume();
    try {
      result = invoke(next, values, input, run);
    } catch (error) {
      throw located(error, name, position);
    }
  }
  return result;
}

/** An error that does not know yet where it comes from comes from here. */
export function located(error: unknown, token: string, position: number | undefined): unknown {
  if (error instanceof JsonataError) {
    error.position ??= position;
    error.token ??= token;
  }
  return error;
}

function invoke(callee: unknown, args: readonly unknown[], input: unknown, run: Run): unknown {
  if (!isCallable(callee)) throw new JsonataError('T1006', 'What is called is not a function');
  return callee(args, input, run);
}
