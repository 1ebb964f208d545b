import { JsonataError } from '../error.ts';
import type { Ast, ParentSlot } from '../syntax.ts';

type PathNode = Ast & { type: 'path' };

/**
 * A parent (`%`) stands for what an earlier step was evaluated on. It looks for that step backwards through its path,
 * and, while it has not found it, through the path that its own path is part of. The step then keeps its input under
 * the parent's label, and everything between carries it along in tuples.
 */
export function passOn(from: Ast, to: Ast): void {
  const slots = from.seekingParent ?? [];
  if (from.type === 'parent') slots.push(from.slot);
  if (slots.length === 0 && from.seekingParent === undefined) return;
  if (to.seekingParent === undefined) to.seekingParent = slots;
  else to.seekingParent.push(...slots);
}

/** Lets the parents that the last step of a path is looking for look through the steps before it. */
export function resolveParents(path: PathNode): void {
  const last = path.steps.at(-1)!;
  const slots = last.seekingParent ?? [];
  if (last.type === 'parent') slots.push(last.slot);
  for (const slot of slots) {
    let index = path.steps.length - 2;
    while (slot.level > 0) {
      if (index < 0) {
        path.seekingParent ??= [];
        path.seekingParent.push(slot);
        break;
      }
      let step = path.steps[index]!;
      index -= 1;
      // Steps in a row that bind their value (`@$x`) all have the same input.
      while (index >= 0 && step.focus !== undefined && path.steps[index]!.focus !== undefined) {
        step = path.steps[index]!;
        index -= 1;
      }
      findParent(step, slot);
    }
  }
}

/** Goes back by one step; `level` says how many are left. */
export function findParent(node: Ast, slot: ParentSlot): void {
  switch (node.type) {
    case 'name':
    case 'wildcard':
      slot.level -= 1;
      if (slot.level > 0) return;
      // Two parents may mean the same step.
      if (node.ancestor !== undefined) slot.label = node.ancestor.label;
      node.ancestor = slot;
      node.tuple = true;
      break;
    case 'parent':
      slot.level += 1;
      break;
    case 'block': {
      const last = node.expressions.at(-1);
      if (last === undefined) return;
      node.tuple = true;
      findParent(last, slot);
      break;
    }
    case 'path':
      node.tuple = true;
      for (let index = node.steps.length - 1; index >= 0; index -= 1) {
        findParent(node.steps[index]!, slot);
        if (slot.level <= 0) break;
      }
      break;
    default:
      throw new JsonataError(
        'S0217',
        'What % stands for cannot be derived from this expression',
        node.position,
        node.type,
      );
  }
}
