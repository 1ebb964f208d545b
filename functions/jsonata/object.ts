import type { Compile, Evaluator } from './evaluator.ts';
import { compileGroup, isReserved } from './group.ts';
import type { Ast } from './syntax.ts';
import { newObject, setMember } from './values.ts';

/** `{key: value, …}` groups the one value that it is evaluated on. With keys that are known there is nothing to group. */
export function compileObject(node: Ast & { type: 'unary'; value: '{' }, compile: Compile): Evaluator {
  const { lhs: pairs, position } = node;
  const group = compileGroup({ lhs: pairs, ...(position === undefined ? {} : { position }) }, compile);
  const keys = literalKeys(node);
  if (keys === undefined) return group;
  const values = pairs.map(([, value]) => compile(value));
  return (input, frame) => {
    if (Array.isArray(input)) return group(input, frame);
    frame.run.spend(keys.length);
    const object = newObject();
    for (let index = 0; index < keys.length; index += 1) {
      const value = values[index]!(input, frame);
      if (value !== undefined) setMember(object, keys[index]!, value);
    }
    return object;
  };
}

/** The keys where they are different texts that every object may have. */
function literalKeys({ lhs: pairs }: Ast & { type: 'unary'; value: '{' }): string[] | undefined {
  const keys = new Set<string>();
  for (const [key] of pairs) {
    const isPlain = key.type === 'string' && !key.predicate && !key.group && key.keepArray !== true;
    if (!isPlain || typeof key.value !== 'string' || isReserved(key.value)) return undefined;
    keys.add(key.value);
  }
  return keys.size === pairs.length ? [...keys] : undefined;
}
