import type { Run } from './run.ts';

/** Where a text is found at or after a place; -1 where it is not. */
export type Search = (text: string, from: number) => number;

/**
 * Looks for `wanted` in time that grows with the length of the text alone (Knuth, Morris, Pratt). The built-in search
 * takes length times length at worst, which is no matter for short texts, and minutes for long ones.
 */
export function searchFor(wanted: string, run: Run): Search {
  run.text(wanted);
  if (wanted.length <= longestShort) return (text, from) => text.indexOf(wanted, from);
  const borders = bordersOf(wanted);
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      while (matched > 0 && wanted.charCodeAt(matched) !== unit) matched = borders[matched - 1]!;
      if (wanted.charCodeAt(matched) === unit) matched += 1;
      if (matched === wanted.length) return at - matched + 1;
    }
    return -1;
  };
}

const longestShort = 64;

/** For each beginning of a text, how much of it is also its end. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length);
  let border = 0;
  for (let at = 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (border > 0 && text.charCodeAt(border) !== unit) border = borders[border - 1]!;
    if (text.charCodeAt(border) === unit) border += 1;
    borders[at] = border;
  }
  return borders;
}
