import { TulleError } from '../../event/error.ts';

/**
 * A path into an event, as people write it: `subject`, `data.customer.phone`, `data.items[*].phone`, `data.items[0]`,
 * `data["odd.key"]`, `data.*.phone` (every member or element) and `data.**.phone` (at any depth, once in a path).
 * One value and an array of one are the same, as in the lax mode of SQL/JSON: a name goes through arrays
 * (`data.items.phone` is `data.items[*].phone`), and `[*]` and `[0]` take what is no array as its only element.
 */
export type Path = readonly [string, ...Segment[]];

export type Segment = string | number | typeof elements | typeof each | typeof anyDepth;

/** `[*]` */
export const elements: unique symbol = Symbol('[*]');
/** `.*` */
export const each: unique symbol = Symbol('.*');
/** `.**` */
export const anyDepth: unique symbol = Symbol('.**');

/** @throws TulleError `step_invalid` without a place. */
export function parsePath(text: string): Path {
  const segments: Segment[] = [];
  const token = /(?:^|(?!^)\.)(\*\*|\*|[^\s.[\]"*]+)|\[(\*|\d{1,7})\]|\["((?:[^"\\]|\\["\\])*)"\]/y;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw pathError(text, at);
    const [, name, index, quoted] = match;
    if (quoted !== undefined) segments.push(quoted.replaceAll(/\\(.)/g, '$1'));
    else if (name === '**') segments.push(anyDepth);
    else if (name === '*') segments.push(each);
    else if (index === '*') segments.push(elements);
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

function pathError(text: string, at: number): TulleError {
  return new TulleError('step_invalid', `The path ${JSON.stringify(text)} cannot be read at column ${at + 1}`, {
    mend: 'Write an attribute (subject), or a path into the data: data.customer.phone, data.items[*].phone, data.**.phone.',
  });
}
