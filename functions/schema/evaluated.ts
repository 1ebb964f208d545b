/**
 * What the keywords of a schema, and of the schemas applied in place beside them, have looked at in one object or
 * array (JSON Schema 2020-12, 11: the annotations that `unevaluatedProperties` and `unevaluatedItems` go by).
 */
export interface Evaluated {
  allMembers: boolean;
  readonly members: Set<string>;
  allItems: boolean;
  /** Items before this index. */
  leading: number;
  /** Single items, from `contains`. */
  readonly items: Set<number>;
}

export function newEvaluated(): Evaluated {
  return { allMembers: false, members: new Set(), allItems: false, leading: 0, items: new Set() };
}

/** Takes over what a schema that was applied in place has looked at. */
export function mergeEvaluated(into: Evaluated, from: Evaluated): void {
  into.allMembers ||= from.allMembers;
  for (const name of from.members) into.members.add(name);
  into.allItems ||= from.allItems;
  into.leading = Math.max(into.leading, from.leading);
  for (const index of from.items) into.items.add(index);
}
