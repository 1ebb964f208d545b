import { apply, callable, isCallable } from './callable.ts';
import { JsonataError } from './error.ts';
import type { Compile, Evaluator } from './evaluator.ts';
import { valueOf } from './frame.ts';
import type { Run } from './run.ts';
import { parseSignature } from './signature.ts';
import type { Ast } from './syntax.ts';
import { isObject, setMember, type JsonObject } from './values.ts';

const signature = parseSignature('<(oa):o>');

/**
 * `|pattern|update, delete|`: a function that copies its argument, and in the copy updates every object that the
 * pattern finds. Objects outside of the copy are left alone, whatever the pattern says: they belong to others.
 */
export function compileTransform(node: Ast & { type: 'transform' }, compile: Compile): Evaluator {
  const pattern = compile(node.pattern);
  const update = compile(node.update);
  const deletion = node.delete === undefined ? undefined : compile(node.delete);
  return (_, frame) =>
    callable(
      1,
      ([original]) => {
        if (original === undefined) return undefined;
        const clone = valueOf('clone', frame);
        if (!isCallable(clone))
          throw new JsonataError('T2013', '$clone was replaced by something that is not a function', node.position);
        const copy = apply(clone, [original], null, frame.run);
        const own = objectsIn(copy, frame.run);
        const found = pattern(copy, frame);
        const matches: unknown[] = found === undefined ? [] : Array.isArray(found) ? found : [found];
        for (const match of matches) {
          const changes = update(match, frame);
          if (changes !== undefined && !isObject(changes)) {
            throw new JsonataError('T2011', 'The update of a transformation is not an object', node.update.position);
          }
          const target = isObject(match) && own.has(match) ? match : undefined;
          if (changes !== undefined && target !== undefined) assign(target, changes, frame.run);
          const names = deletion?.(match, frame);
          if (names !== undefined) remove(target, names, node.delete?.position, frame.run);
        }
        return copy;
      },
      signature,
    );
}

/** The update may hold the object itself: only a copy of it can go in, or the result would have no end. */
function assign(target: JsonObject, changes: JsonObject, run: Run): void {
  for (const [name, value] of Object.entries(changes)) {
    run.spend(1);
    setMember(
      target,
      name,
      value !== null && typeof value === 'object' && objectsIn(value, run).has(target) ? snapshot(value, run) : value,
    );
  }
}

function snapshot(value: unknown, run: Run): unknown {
  if (typeof value !== 'object' || value === null) return value;
  run.enter();
  let copy: unknown;
  if (Array.isArray(value)) {
    copy = value.map((item) => snapshot(item, run));
  } else {
    const object: JsonObject = {};
    for (const [name, member] of Object.entries(value)) setMember(object, name, snapshot(member, run));
    copy = object;
  }
  run.leave();
  return copy;
}

function objectsIn(value: unknown, run: Run): Set<unknown> {
  const found = new Set<unknown>([value]);
  // A set is walked over what is added on the way.
  for (const one of found) {
    if (typeof one !== 'object' || one === null) continue;
    for (const inner of Object.values(one) as unknown[]) {
      run.spend(1);
      if (typeof inner === 'object' && inner !== null) found.add(inner);
    }
  }
  return found;
}

function remove(target: JsonObject | undefined, names: unknown, position: number | undefined, run: Run): void {
  const list: unknown[] = Array.isArray(names) ? names : [names];
  run.spend(list.length);
  if (!list.every((name) => typeof name === 'string')) {
    throw new JsonataError('T2012', 'What a transformation deletes is not a string or an array of strings', position);
  }
  if (target !== undefined) for (const name of list) delete target[name];
}
