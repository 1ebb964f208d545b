import { TulleError } from '../../event/error.ts';
import { longIntegerText } from './exact-numbers.ts';

/**
 * A path into an event, as people write it: `subject`, `data.customer.phone`, `data.items[*].phone`, `data.items[0]`,
 * `data["odd.key"]`, `data.*.phone` (every member) and `data.**.phone` (at any depth, once in a path).
 * A name goes through arrays: `data.items.phone` is `data.items[*].phone`.
 */
export type Path = readonly [string, ...Segment[]];

export type Segment = string | number | typeof each | typeof anyDepth;

export const each: unique symbol = Symbol('*');
export const anyDepth: unique symbol = Symbol('**');

/** @throws TulleError `step_invalid` without a place. */
export function parsePath(text: string): Path {
  const segments: Segment[] = [];
  const token = /(?:^|(?!^)\.)(\*\*|\*|[^\s.[\]"*]+)|\[(\*|\d{1,7})\]|\["((?:[^"\\]|\\["\\])+)"\]/y;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw pathError(text, at);
    const [, name, index, quoted] = match;
    if (quoted !== undefined) segments.push(quoted.replaceAll(/\\(.)/g, '$1'));
    else if (name === '**') segments.push(anyDepth);
    else if (name === '*' || index === '*') segments.push(each);
    else segments.push(index === undefined ? (name ?? '') : Number(index));
  }
  const [head, ...rest] = segments;
  // `**` more than once would visit a value once for every way of splitting the path to it.
  const deep = rest.indexOf(anyDepth);
  if (typeof head !== 'string' || rest.length > 31 || (deep >= 0 && rest.indexOf(anyDepth, deep + 1) >= 0)) {
    throw pathError(text, 0);
  }
  if (rest.at(-1) === anyDepth || (rest.length > 0 && head !== 'data')) throw pathError(text, head.length);
  return [head, ...rest];
}

/**
 * Calls `replace` for every value that the segments lead to and puts its answer there; `undefined` removes a member
 * (from an array: leaves null, so that the others keep their place). Answers how many there were.
 */
export function replaceAt(
  holder: unknown,
  segments: readonly Segment[],
  replace: (value: unknown) => unknown,
  at: number = 0,
): number {
  if (typeof holder !== 'object' || holder === null || longIntegerText(holder) !== undefined) return 0;
  const segment = segments[at];
  const last = at === segments.length - 1;
  let count = 0;
  if (segment === anyDepth) {
    // A name would go through the array, and again by the members below.
    const twice = Array.isArray(holder) && typeof segments[at + 1] === 'string';
    if (!twice) count += replaceAt(holder, segments, replace, at + 1);
    for (const key of Object.keys(holder)) count += replaceAt(member(holder, key), segments, replace, at);
    return count;
  }
  if (Array.isArray(holder) && typeof segment === 'string') {
    for (const item of holder) count += replaceAt(item, segments, replace, at);
    return count;
  }
  const keys = segment === each ? Object.keys(holder) : [String(segment)];
  for (const key of keys) {
    // Only what the event itself has: never what an object inherits.
    if (!Object.hasOwn(holder, key)) continue;
    if (last) {
      put(holder, key, replace(member(holder, key)));
      count += 1;
    } else {
      count += replaceAt(member(holder, key), segments, replace, at + 1);
    }
  }
  return count;
}

function member(holder: object, key: string): unknown {
  return (holder as Record<string, unknown>)[key];
}

function put(holder: object, key: string, value: unknown): void {
  const removed = value === undefined;
  if (removed && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
  else (holder as Record<string, unknown>)[key] = removed ? null : value;
}

function pathError(text: string, at: number): TulleError {
  return new TulleError('step_invalid', `The path ${JSON.stringify(text)} cannot be read at column ${at + 1}`, {
    mend: 'Write an attribute (subject), or a path into the data: data.customer.phone, data.items[*].phone, data.**.phone.',
  });
}
