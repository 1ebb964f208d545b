import jsonata from 'jsonata';
import { JsonataError } from './error.ts';
import type { Ast } from './syntax.ts';

const longestText = 65_536;

/** Parses JSONata with the language's own parser; throws `JsonataError` S…. */
export function parse(text: string): Ast {
  if (text.length > longestText) {
    throw new JsonataError('S0201', `The expression is longer than ${longestText} characters`);
  }
  return parseWithLibrary(text);
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

function parseWithLibrary(text: string): Ast {
  try {
    return jsonata(text).ast() as unknown as Ast;
  } catch (error) {
    const { code, position, message } = error as { code?: unknown; position?: unknown; message?: unknown };
    if (typeof code !== 'string') {
      throw error instanceof SyntaxError ? new JsonataError('S0303', 'The regular expression is not valid') : error;
    }
    throw new JsonataError(code, String(message), typeof position === 'number' ? position : undefined);
  }
}
