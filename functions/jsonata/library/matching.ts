import { apply, isCallable } from '../callable.ts';
import { JsonataError } from '../error.ts';
import type { Run } from '../run.ts';
import { searchFor } from '../search.ts';
import { newSequence } from '../sequence.ts';
import { isObject, newObject } from '../values.ts';
import { define, type Library } from './define.ts';

type Text = string | undefined;

/** Functions that look for a text, or for what a matcher finds: a regular expression, or a function made like one. */
export const matchingFunctions: Library = {
  contains: define('<s-(sf):b>', 2, (run, text: Text, token: unknown) => {
    if (text === undefined || token === undefined) return undefined;
    if (typeof token === 'string') return searchFor(token, run)(run.text(text), 0) !== -1;
    return firstMatch(run, token, text) !== undefined;
  }),
  match: define('<s-f<s:o>n?:a<o>>', 3, (run, text: Text, matcher: unknown, limit: number | undefined) => {
    if (text === undefined) return undefined;
    checkLimit(limit, 'D3040', 'Third argument of $match');
    const found = newSequence();
    for (const { match, start, groups } of matches(run, matcher, text, limit)) {
      const one = newObject();
      one['match'] = match;
      one['index'] = start;
      one['groups'] = groups;
      run.values(1);
      found.push(one);
    }
    return found;
  }),
  replace: define('<s-(sf)(sf)n?:s>', 4, replace),
  split: define('<s-(sf)n?:a<s>>', 3, split),
};

/** What a matcher answers; `next` gives the match after it. */
interface Match {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: readonly unknown[];
  readonly next: unknown;
}

function firstMatch(run: Run, matcher: unknown, text: string | undefined): Match | undefined {
  const found = apply(matcher, text === undefined ? [] : [text], null, run);
  if (found === undefined) return undefined;
  if (
    isObject(found) &&
    typeof found['match'] === 'string' &&
    typeof found['start'] === 'number' &&
    isCallable(found['next'])
  ) {
    const { match, start, end, groups, next } = found as unknown as Match;
    return {
      match,
      start,
      end: typeof end === 'number' ? end : start + match.length,
      groups: Array.isArray(groups) ? groups : [],
      next,
    };
  }
  throw new JsonataError('T1010', 'The matcher does not answer the structure of a match');
}

function* matches(run: Run, matcher: unknown, text: string, limit = Infinity): Generator<Match, void> {
  if (!(limit > 0)) return;
  let found = firstMatch(run, matcher, text);
  for (let count = 0; found !== undefined && count < limit; count += 1) {
    yield found;
    // The matcher is asked once more than needed, as the original function does: it may fail there.
    found = firstMatch(run, found.next, undefined);
  }
}

function replace(run: Run, text: Text, pattern: unknown, replacement: unknown, limit: number | undefined): Text {
  if (text === undefined) return undefined;
  if (pattern === '') throw new JsonataError('D3010', 'Second argument of $replace is an empty string');
  checkLimit(limit, 'D3011', 'Fourth argument of $replace');
  let result = '';
  let position = 0;
  const put = (piece: string): void => {
    run.textOf(result.length + piece.length);
    run.spend(-(result.length >> 4));
    result += piece;
  };
  if (typeof pattern === 'string') {
    const search = searchFor(pattern, run);
    let at = search(run.text(text), 0);
    for (let count = 0; at !== -1 && count < (limit ?? Infinity); count += 1) {
      put(text.slice(position, at));
      put(asReplacement(replacement));
      position = at + pattern.length;
      at = search(text, position);
    }
  } else {
    for (const match of matches(run, pattern, text, limit)) {
      put(text.slice(position, match.start));
      put(replacementFor(run, match, replacement));
      position = match.start + match.match.length;
    }
  }
  put(text.slice(position));
  return result;
}

function replacementFor(run: Run, match: Match, replacement: unknown): string {
  if (typeof replacement === 'string') return substitute(replacement, match, run);
  return asReplacement(apply(replacement, [match], null, run));
}

function asReplacement(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new JsonataError('D3012', 'A match is replaced with something that is not a string');
}

/** `$0` is the whole match, `$1` and so on its groups, `$$` a dollar sign; as many digits count as there are groups for. */
function substitute(template: string, { match, groups }: Match, run: Run): string {
  run.spend(1 + (template.length >> 2));
  const digits = String(Math.max(groups.length, 1)).length;
  return template.replaceAll(/\$(\$|[0-9]+)/g, (whole, name: string) => {
    if (name === '$') return '$';
    if (name.startsWith('0')) return match + name.slice(1);
    let number = Number(name.slice(0, digits));
    if (digits > 1 && number > groups.length) number = Number(name.slice(0, digits - 1));
    const group = groups[number - 1];
    return (typeof group === 'string' ? group : '') + whole.slice(1 + String(number).length);
  });
}

function split(run: Run, text: Text, separator: unknown, limit: number | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  checkLimit(limit, 'D3020', 'Third argument of $split');
  // A limit that is not a number lets nothing through either.
  if (limit !== undefined && !(limit > 0)) return [];
  if (typeof separator === 'string') {
    return splitAt(run.text(text), separator, limit === undefined ? 2 ** 32 - 1 : Math.floor(limit) >>> 0, run);
  }
  const pieces: string[] = [];
  let position = 0;
  for (const match of matches(run, separator, text, limit)) {
    run.values(1);
    pieces.push(text.slice(position, match.start));
    position = match.end;
  }
  if (limit === undefined || pieces.length < limit) pieces.push(text.slice(position));
  return pieces;
}

/** `limit` is a 32-bit number, as it is for JavaScript's own. */
function splitAt(text: string, separator: string, limit: number, run: Run): string[] {
  if (separator === '') {
    run.values(Math.min(text.length, limit));
    return text.split('', limit);
  }
  const search = searchFor(separator, run);
  const pieces: string[] = [];
  let position = 0;
  while (pieces.length < limit) {
    const at = search(text, position);
    run.values(1);
    pieces.push(text.slice(position, at === -1 ? undefined : at));
    if (at === -1) break;
    position = at + separator.length;
  }
  return pieces;
}

function checkLimit(limit: number | undefined, code: string, what: string): void {
  if (limit !== undefined && limit < 0) throw new JsonataError(code, `${what} is negative`);
}
