import type { Compile, Evaluator } from './evaluator.ts';
import { compilePairs, groupBy, isReserved } from './group.ts';
import type { Ast, Pair } from './syntax.ts';
import { newObject, setMember } from './values.ts';

/** `{key: value, …}` groups the one value that it is evaluated on. With keys that are known there is nothing to group. */
export function compileObject(node: Ast & { type: 'unary'; value: '{' }, compile: Compile): Evaluator {
  const pairs = compilePairs(node.lhs, compile);
  const group = groupBy(pairs, node.position);
  const keys = literalKeys(node.lhs);
  if (keys === undefined) return group;
  return (input, frame) => {
    if (Array.isArray(input)) return group(input, frame);
    frame.run.spend(keys.length);
    const object = newObject();
    for (let index = 0; index < keys.length; index += 1) {
      const value = pairs[index]!.value(input, frame);
      if (value !== undefined) setMember(object, keys[index]!, value);
    }
    return object;
  };
}

/** The keys where they are different texts that every object may have. */
function literalKeys(pairs: readonly Pair[]): string[] | undefined {
  const keys = new Set<string>();
  for (const [key] of pairs) {
    const isPlain = key.type === 'string' && !key.predicate && !key.group && key.keepArray !== true;
    if (!isPlain || typeof key.value !== 'string' || isReserved(key.value)) return undefined;
    keys.add(key.value);
  }
  return keys.size === pairs.length ? [...keys] : undefined;
}
