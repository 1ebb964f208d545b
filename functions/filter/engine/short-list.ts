/**
 * Lists that nearly always have one item: they are made anew to their exact length, because pushing onto an empty array
 * reserves seventeen places, which a hundred thousand rules would pay for.
 */
export type ShortList<T> = readonly T[];

const short = 16;

export function withItem<T>(list: ShortList<T>, item: T): ShortList<T> {
  if (list.length < short) return [...list, item];
  (list as T[]).push(item);
  return list;
}

export function withoutItem<T>(list: ShortList<T>, item: T): ShortList<T> {
  const at = list.indexOf(item);
  if (at < 0) return list;
  if (list.length <= short) return list.filter((_, i) => i !== at);
  (list as T[]).splice(at, 1);
  return list;
}
