import type { Frame } from './frame.ts';
import type { Ast } from './syntax.ts';

/** A compiled node: the value of the expression for a context value. */
export type Evaluator = (input: unknown, frame: Frame) => unknown;

/** Compiles a node below; handed down so that the files of the compiler need not know each other. */
export interface Compile {
  (node: Ast): Evaluator;
  /** Whether the expression gives this name to a variable anywhere; if not, it is known what the name means. */
  readonly isBound: (name: string) => boolean;
  /** Adds a regular expression of so many instructions to the whole; throws S0303 where that grows too large. */
  readonly addRegex: (size: number, position: number | undefined) => void;
}
