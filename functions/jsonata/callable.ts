import { JsonataError } from './error.ts';
import type { Frame } from './frame.ts';
import type { Signature } from './signature.ts';

/**
 * A function of the language: lambda, built-in, regular expression or what became of one. `input` is the context that
 * may stand in for a missing first argument, `frame` the caller's.
 */
export interface Callable {
  (args: readonly unknown[], input: unknown, frame: Frame): unknown;
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
  body: (args: readonly unknown[], input: unknown, frame: Frame) => unknown,
  signature?: Signature,
): Callable {
  const result = (
    signature === undefined
      ? body
      : (args: readonly unknown[], input: unknown, frame: Frame) => body(signature.check(args, input), input, frame)
  ) as Callable;
  result.arity = arity;
  return result;
}

/** Calls, and goes on with what the callee left as its tail call. */
export function apply(callee: unknown, args: readonly unknown[], input: unknown, frame: Frame): unknown {
  let result = invoke(callee, args, input, frame);
  while (result instanceof TailCall) {
    frame.run.spend(1);
    const { name, position, resume } = result;
    const { callee: next, args: values } = resume();
    result = located(name, position, () => invoke(next, values, input, frame));
  }
  return result;
}

/** An error that does not know yet where it comes from comes from here. */
export function located<Result>(token: string, position: number | undefined, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    if (error instanceof JsonataError) {
      error.position ??= position;
      error.token ??= token;
    }
    throw error;
  }
}

function invoke(callee: unknown, args: readonly unknown[], input: unknown, frame: Frame): unknown {
  if (!isCallable(callee)) throw new JsonataError('T1006', 'What is called is not a function');
  return callee(args, input, frame);
}
