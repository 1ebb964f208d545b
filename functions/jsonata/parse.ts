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
  const bound = boundNames(ast);
  const calls: { name: string; position: number | undefined }[] = [];
  for (const node of nodesOf(ast)) {
    if (node.type === 'variable' && names.includes(node.value) && !bound.has(node.value)) {
      calls.push({ name: node.value, position: node.position });
    }
  }
  return calls;
}

/** The texts that stand in an expression in quotes. */
export function textsOf(ast: Ast): string[] {
  return Array.from(nodesOf(ast)).flatMap((node) => (node.type === 'string' ? [String(node.value)] : []));
}

/** The names that an expression gives to variables, anywhere. */
export function boundNames(ast: Ast): ReadonlySet<string> {
  const bound = new Set<string>();
  for (const node of nodesOf(ast)) {
    if (node.type === 'bind') bound.add((node.lhs as Ast & { type: 'variable' }).value);
    else if (node.type === 'lambda') for (const parameter of node.arguments) bound.add(parameter.value);
    if (node.focus !== undefined) bound.add(node.focus);
    if (node.index !== undefined) bound.add(node.index);
    for (const stage of node.stages ?? []) if (stage.type === 'index') bound.add(stage.value);
  }
  return bound;
}

/** Every node, and some objects between them that are none: those have no `type` that a node has. */
function nodesOf(ast: Ast): Iterable<Ast> {
  const seen = new Set<object>([ast]);
  // A set is walked over what is added on the way, so that this needs no recursion.
  for (const node of seen) {
    for (const child of Object.values(node) as unknown[]) {
      if (typeof child === 'object' && child !== null) seen.add(child);
    }
  }
  return seen as Set<Ast>;
}
