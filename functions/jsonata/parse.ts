import { JsonataError } from './error.ts';
import { parseRaw } from './parser/grammar.ts';
import { buildTree } from './parser/paths.ts';
import type { Ast } from './syntax.ts';

const longestText = 65_536;

/** Parses JSONata 2; throws `JsonataError` S…. */
export function parse(text: string): Ast {
  if (text.length > longestText) {
    throw new JsonataError('S0201', `The expression is longer than ${longestText} characters`);
  }
  return buildTree(parseRaw(text));
}

/**
 * Calls of functions that an expression may not use, by the position of the call. A name that the expression binds
 * itself is its own business.
 */
export function callsOf(ast: Ast, names: readonly string[]): { name: string; position: number | undefined }[] {
  const bound = new Set<unknown>();
  const calls: { name: string; position: number | undefined }[] = [];
  const seen = new Set<object>([ast]);
  // A set is walked over what is added on the way, so that this needs no recursion.
  for (const node of seen) {
    for (const child of Object.values(node) as unknown[]) {
      if (typeof child === 'object' && child !== null) seen.add(child);
    }
    const one = node as Ast;
    if (one.type === 'bind') bound.add((one.lhs as Ast & { type: 'variable' }).value);
    else if (one.type === 'lambda') for (const parameter of one.arguments) bound.add(parameter.value);
    else if (one.type === 'variable' && names.includes(one.value)) {
      calls.push({ name: one.value, position: one.position });
    }
  }
  return calls.filter(({ name }) => !bound.has(name));
}
