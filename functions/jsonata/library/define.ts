import { apply, callable, type Callable } from '../callable.ts';
import type { Frame } from '../frame.ts';
import type { Run } from '../run.ts';
import { parseSignature } from '../signature.ts';

/** What a built-in function gets besides its arguments. */
export interface Call {
  readonly run: Run;
  /** Calls a function that was passed as an argument; it has no context. */
  readonly invoke: (callee: unknown, args: readonly unknown[]) => unknown;
}

/** A library is the names of its functions and what they are. */
export type Library = Readonly<Record<string, Callable>>;

/**
 * A built-in function. The signature promises the types of `body`'s parameters; `arity` is how many of them a
 * higher-order function fills in.
 */
export function define(signature: string, arity: number, body: (call: Call, ...args: never[]) => unknown): Callable {
  return callable(
    arity,
    (args, _, frame) => {
      frame.run.spend(callCost);
      return body(callFrom(frame), ...(args as never[]));
    },
    parseSignature(signature),
  );
}

function callFrom(frame: Frame): Call {
  return { run: frame.run, invoke: (callee, args) => apply(callee, args, null, frame) };
}

/** A call with its signature takes about as long as five other steps. */
const callCost = 5;
