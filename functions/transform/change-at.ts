import { isObject, setMember } from './json-value.ts';
import { each, elements, type Segment } from './path.ts';

/**
 * Puts what `change` answers in the place of every value that the segments lead to, and answers `value` with these
 * changes. Without `**`; names go through arrays, and what is no array is its own only element.
 */
export function changeAt(value: unknown, segments: readonly Segment[], change: (value: unknown) => unknown): unknown {
  const [segment, ...rest] = segments;
  if (segment === undefined) return change(value);
  if (Array.isArray(value)) {
    const isAll = segment === each || segment === elements;
    const left = typeof segment === 'string' ? segments : rest;
    for (const [index, item] of value.entries()) {
      if (isAll || typeof segment === 'string' || segment === index) value[index] = changeAt(item, left, change);
    }
    return value;
  }
  if (segment === elements || segment === 0) return changeAt(value, rest, change);
  if (!isObject(value)) return value;
  for (const name of segment === each ? Object.keys(value) : [segment]) {
    if (typeof name !== 'string' || !Object.hasOwn(value, name)) continue;
    setMember(value, name, changeAt(value[name], rest, change));
  }
  return value;
}
