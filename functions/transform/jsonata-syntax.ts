import { TulleError } from '../../event/error.ts';
import { type Regex, RegexError, compileRegex } from '../regex/regex.ts';

export interface Syntax {
  /** Names of all variables in the expression, functions among them. */
  readonly names: ReadonlySet<string>;
  /** Nodes whose value an operator or a constructor goes through as a whole. */
  readonly measured: ReadonlySet<object>;
  /** Every regex literal, compiled for an engine that takes linear time: the platform's own may take forever. */
  readonly regexes: ReadonlyMap<RegExp, Regex>;
}

/**
 * Looks through an expression's syntax tree for what must not run and for what has to be paid by its size.
 * @throws TulleError `step_invalid`
 */
export function checkSyntax(ast: object): Syntax {
  const names = new Set<string>();
  const measured = new Set<object>();
  const regexes = new Map<RegExp, Regex>();
  const seen = new Set<object>([ast]);
  // A set is iterated over what is added on the way, so that this needs no recursion.
  for (const node of seen) {
    for (const child of Object.values(node)) {
      if (typeof child === 'object' && child !== null && !(child instanceof RegExp)) seen.add(child);
    }
    const { type, value, position } = node as { type?: unknown; value?: unknown; position?: unknown };
    const place = typeof position === 'number' ? `/jsonata:${position}` : '/jsonata';
    if (value instanceof RegExp) regexes.set(value, compileLiteral(value, place));
    if (type === 'variable' && typeof value === 'string') {
      if (value === 'eval') throw refused('$eval cannot be used', place, 'Write the expression itself.');
      names.add(value);
    }
    if (type === 'binary') {
      for (const side of operands(node)) measured.add(side);
    }
    // An object or array that is made may hold the same value many times: its size is checked as it grows.
    if (type === 'unary' || 'group' in node) measured.add(node);
    checkCalls(node, place);
  }
  return { names, measured, regexes };
}

function compileLiteral(literal: RegExp, place: string): Regex {
  try {
    return compileRegex(literal.source, literal.flags);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw refused(error.message, place, 'Write the regular expression without it, or use a text.');
  }
}

// Arguments are checked against a signature by a regex that the library makes from it: its time grows with the
// count of arguments to the power of the count of optional ones.
const argumentsLimit = 32;
const optionalLimit = 6;

function checkCalls(node: object, place: string): void {
  const { arguments: args, signature } = node as { arguments?: unknown; signature?: { definition?: unknown } };
  if (Array.isArray(args) && args.length > argumentsLimit) {
    throw refused(`A function has more than ${argumentsLimit} arguments`, place, 'Pass an array.');
  }
  const definition = signature?.definition;
  if (typeof definition === 'string' && (definition.match(/[+?-]/g) ?? []).length > optionalLimit) {
    throw refused(`A signature has more than ${optionalLimit} optional parts`, place, 'Leave the signature out.');
  }
}

function operands(node: object): object[] {
  const { lhs, rhs } = node as { lhs?: unknown; rhs?: unknown };
  return [lhs, rhs].filter((side): side is object => typeof side === 'object' && side !== null);
}

function refused(why: string, place: string, mend: string): TulleError {
  return new TulleError('step_invalid', why, { place, mend });
}
