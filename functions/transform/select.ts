import { isObject, type JsonObject, newObject } from './json-value.ts';
import { anyDepth, each, elements, type Segment } from './path.ts';

/** What is left of a path on the way into a value; at its end there is no `segment`. */
export interface Trail {
  readonly segment?: Segment;
  readonly next?: Trail;
}

export function toTrail([segment, ...rest]: readonly Segment[]): Trail {
  return segment === undefined ? {} : { segment, next: toTrail(rest) };
}

/**
 * What the trails lead to, with the objects and arrays around it, and nothing else; `undefined` when that is nothing.
 * Elements that are not picked leave no gap.
 */
export function pick(value: unknown, trails: readonly Trail[]): unknown {
  const here = arrive(value, trails);
  if (here.some(isEnd)) return value;
  const picked = rebuild(value, here, (child, next) => (next.length === 0 ? undefined : pick(child, next)));
  // A search at any depth comes by everywhere.
  const wasSought = here.some(({ segment }) => segment !== anyDepth);
  return picked === value || (!wasSought && Object.keys(picked as object).length === 0) ? undefined : picked;
}

/** All but what the trails lead to; `undefined` when that is nothing. Elements that are left out leave no gap. */
export function omit(value: unknown, trails: readonly Trail[]): unknown {
  const here = arrive(value, trails);
  if (here.some(isEnd)) return undefined;
  return rebuild(value, here, (child, next) => (next.length === 0 ? child : omit(child, next)));
}

type Selected = (child: unknown, next: readonly Trail[]) => unknown;

/** A new object or array of what is selected of each child; every other value as it is. */
function rebuild(value: unknown, trails: readonly Trail[], selected: Selected): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => selected(item, follow(trails, index))).filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  const object: JsonObject = newObject();
  for (const [name, member] of Object.entries(value)) {
    const left = selected(member, follow(trails, name));
    if (left !== undefined) object[name] = left;
  }
  return object;
}

function isEnd({ segment }: Trail): boolean {
  return segment === undefined;
}

/** What is no array is its own only element. */
function arrive(value: unknown, trails: readonly Trail[]): readonly Trail[] {
  if (Array.isArray(value)) return trails;
  return trails.flatMap((trail) => {
    const { segment, next } = trail;
    return next && (segment === elements || segment === 0) ? [trail, ...arrive(value, [next])] : [trail];
  });
}

/** The trails that go on to a member or an element. */
function follow(trails: readonly Trail[], key: string | number): readonly Trail[] {
  const going = new Set<Trail>();
  for (const trail of trails) {
    const { segment, next } = trail;
    const isSearch = segment === anyDepth;
    const wanted = isSearch ? next : trail;
    if (isSearch) going.add(trail);
    if (wanted?.next && leadsTo(wanted.segment, key)) going.add(wanted.next);
    // Names go through arrays; a search comes by the elements anyway.
    if (!isSearch && typeof key === 'number' && typeof segment === 'string') going.add(trail);
  }
  return Array.from(going);
}

function leadsTo(segment: Segment | undefined, key: string | number): boolean {
  return segment === each || segment === key || (segment === elements && typeof key === 'number');
}
