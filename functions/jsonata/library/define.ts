import { callable, type Callable } from '../callable.ts';
import type { Run } from '../run.ts';
import { parseSignature } from '../signature.ts';

/** A library is the names of its functions and what they are. */
export type Library = Readonly<Record<string, Callable>>;

/**
 * A built-in function. The signature promises the types of `body`'s parameters; `arity` is how many of them a
 * higher-order function fills in.
 */
export function define(types: string, arity: number, body: (run: Run, ...args: never[]) => unknown): Callable {
  const signature = parseSignature(types);
  return callable(arity, (given, context, run) => {
    run.spend(callCost);
    const args = signature.check(given, context, run) as readonly never[];
    return signature.takesMore ? body(run, ...args) : body(run, args[0]!, args[1]!, args[2]!, args[3]!);
  });
}

/** A call with its signature takes about as long as five other steps. */
const callCost = 5;
